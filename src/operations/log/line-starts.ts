import type { ByteWriter } from '../../io/writer.ts';
import type { LogKernel } from '../../kernels/log-kernel.ts';

const countMin = 4096;

/** Where gathered lines begin, so that they can be handed on in the other order. A kernel notes its own lines itself. */
export class LineStarts {
  private readonly kernel: LogKernel | undefined;
  /** The kernel's memory, as long as its room suffices: then a kernel writes no more lines. */
  private positions: Uint32Array;
  private own = 0;
  private turned: Buffer = Buffer.alloc(0);

  constructor(kernel: LogKernel | undefined) {
    this.kernel = kernel;
    this.positions = kernel?.lineStarts ?? new Uint32Array(countMin);
  }

  /** How many whole lines there are. */
  get count(): number {
    return this.kernel === undefined ? this.own : this.kernel.result[3];
  }

  clear(): void {
    this.positions = this.kernel?.lineStarts ?? this.positions;
    this.setCount(0);
    this.positions[0] = 0;
  }

  private setCount(count: number): void {
    if (this.kernel === undefined) this.own = count;
    else this.kernel.result[3] = count;
  }

  /** A line ends where `end` bytes were written in all, and the next one begins. */
  add(end: number): void {
    const count = this.count + 1;
    if (count >= this.positions.length) {
      const grown = new Uint32Array(this.positions.length * 2);
      grown.set(this.positions);
      this.positions = grown;
    }
    this.positions[count] = end;
    this.setCount(count);
  }

  /** The last `count` lines of `out`, the last one first; valid until the next call. */
  turn(out: ByteWriter, count: number): Uint8Array {
    const { kernel, positions } = this;
    if (kernel !== undefined && out.bytes === kernel.lines && positions === kernel.lineStarts)
      return kernel.turned.subarray(0, kernel.turnLines(this.count, out.length, count));
    if (this.turned.length < out.length) this.turned = Buffer.allocUnsafeSlow(out.length * 2);
    let length = 0;
    let end = out.length;
    for (let line = this.count - 1; line >= this.count - count; line--) {
      length += out.bytes.copy(this.turned, length, positions[line], end);
      end = positions[line];
    }
    return this.turned.subarray(0, length);
  }
}
