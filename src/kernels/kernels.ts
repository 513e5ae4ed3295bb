/*
 * The hot loops that earned a WebAssembly version: CRC-64 and LZF. Sources in assembly/, the compiled module in
 * kernels.generated.ts. One instance a process, made when first asked for. Every call is synchronous and uses the same two buffers,
 * so what lies in them is nobody's once the call is over.
 */
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { kernelsBase64 } from './kernels.generated.ts';

/** Bytes that each of the two buffers holds. */
export const kernelBufferBytes = 262_144;
/** Where the module keeps things, bytes from the start of its memory (assembly/layout.ts). */
const bufferAt = 24_576;
const outputAt = 286_784;

export interface Kernels {
  /** What the kernels read, `kernelBufferBytes` long; the checksum overwrites it. */
  readonly buffer: Uint8Array;
  /** What the LZF kernels write. */
  readonly output: Uint8Array;
  /** The two words in which a kernel leaves what it has to say beyond its return value. */
  readonly result: Uint32Array;
  /** Continues a CRC-64, given as two halves, with the first `length` bytes of `buffer`; the new one is `result[0]` (low), `result[1]`. */
  crc64(low: number, high: number, length: number): void;
  /**
   * Takes LZF steps from the first `inLength` bytes of `buffer` and appends to `output`, which holds `history` bytes, until the
   * next step would begin at or after `inStop` or `outStop` bytes are reached. 1, with the bytes taken in `result[0]` and those in
   * `output` in `result[1]`; 0 for a malformed stream or more than `outMax` bytes.
   */
  lzfDecompress(inStop: number, inLength: number, history: number, outStop: number, outMax: number): number;
  /** Compresses the first `length` bytes of `buffer` into at most `outMax` bytes of `output`: their count, or 0. */
  lzfCompress(length: number, outMax: number): number;
}

type Exports = Pick<Kernels, 'crc64' | 'lzfDecompress' | 'lzfCompress'> & {
  readonly memory: { readonly buffer: ArrayBuffer };
  crc64Prepare(): void;
};

const module = new KernelModule<Exports>(kernelsBase64);
let loaded: Kernels | undefined;
let refused = false;

/** The kernels, or undefined where this machine's engine has no WebAssembly with vectors: then the JavaScript versions serve. */
export function loadKernels(): Kernels | undefined {
  if (!loaded && !refused) {
    loaded = whereKernelsRun(instantiate);
    refused = loaded === undefined;
  }
  return loaded;
}

/** The compiled module: it can be sent to a worker thread, which spares compiling it again. Throws where it cannot be compiled. */
export function kernelModule(): object {
  return module.module;
}

function instantiate(): Kernels {
  const { memory, crc64, crc64Prepare, lzfDecompress, lzfCompress } = module.instance();
  crc64Prepare();
  return {
    buffer: new Uint8Array(memory.buffer, bufferAt, kernelBufferBytes),
    output: new Uint8Array(memory.buffer, outputAt, kernelBufferBytes),
    result: new Uint32Array(memory.buffer, 0, 2),
    crc64,
    lzfDecompress,
    lzfCompress,
  };
}
