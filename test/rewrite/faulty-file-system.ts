import nodeFs from 'node:fs';
import type { FileSystem } from '../../src/bytes/sink.ts';

/** The process is gone: whatever it calls afterwards has no effect. */
export class Killed extends Error {}

/** What happens at the chosen call: it alone fails, or it and all that follow. */
export type Fault = 'fail' | 'kill' | 'kill-in-write';

/** Calls that change something; the others only look. */
const changing: readonly (keyof FileSystem)[] = [
  'openSync',
  'writeSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'unlinkSync',
  'linkSync',
  'mkdirSync',
  'fchmodSync',
  'fchownSync',
  'rmSync',
];

/** The real file system until the call number `at`, counted from 0. */
export class FaultyFileSystem {
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  readonly fs: FileSystem;
  private readonly at: number;
  private readonly fault: Fault;

  constructor(at: number, fault: Fault) {
    this.at = at;
    this.fault = fault;
    const fs: Record<string, unknown> = { ...nodeFs };
    for (const name of changing) fs[name] = (...args: unknown[]) => this.call(name, args);
    this.fs = fs as unknown as FileSystem;
  }

  private call(name: keyof FileSystem, args: unknown[]): unknown {
    const index = this.calls.push(name) - 1;
    const real = nodeFs[name] as (...args: unknown[]) => unknown;
    if (index < this.at || (index > this.at && this.fault === 'fail')) return real(...args);
    if (this.fault === 'fail') throw Object.assign(new Error(`EIO: ${name}`), { code: 'EIO' });
    // Killed in the midst of a write: some of it is on the disk.
    if (index === this.at && this.fault === 'kill-in-write' && name === 'writeSync') {
      const [descriptor, bytes, position, length] = args as [number, Uint8Array, number, number];
      nodeFs.writeSync(descriptor, bytes, position, length >> 1, null);
    }
    throw new Killed(`killed at ${name}`);
  }
}
