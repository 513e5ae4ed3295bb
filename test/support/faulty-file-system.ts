import nodeFs from 'node:fs';
import type { FileSystem } from '../../src/io/open-folder.ts';

/** The process is gone: whatever it calls afterwards has no effect. */
export class Killed extends Error {}

/**
 * What happens at the chosen call.
 *
 *     fail            it alone fails
 *     full            it and all that want room on the disk fail
 *     kill            it and all that follow never happen
 *     kill-in-write   of a write, half has happened
 *     kill-after      it is the last
 */
export type Fault = 'fail' | 'full' | 'kill' | 'kill-in-write' | 'kill-after';

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
  'rmdirSync',
  'fchmodSync',
  'fchownSync',
];
const needsRoom = new Set<string>(['writeSync', 'fsyncSync', 'linkSync', 'mkdirSync']);

const { O_CREAT } = nodeFs.constants;
const isRoomy = (name: string, args: readonly unknown[]) =>
  needsRoom.has(name) || (name === 'openSync' && (Number(args[1]) & O_CREAT) !== 0);

/** The real file system, but for flushing, until the call number `at`, counted from 0. */
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

  /** Whether the call has been reached. */
  get struck(): boolean {
    return this.calls.length > this.at;
  }

  private call(name: keyof FileSystem, args: unknown[]): unknown {
    const index = this.calls.push(name) - 1;
    if (index < this.at) return passOn(name, args);
    if (this.fault === 'fail' || this.fault === 'full') return this.refuse(name, args, index === this.at);
    if (index === this.at) lastOf(this.fault, name, args);
    throw new Killed(`killed at ${name}`);
  }

  private refuse(name: keyof FileSystem, args: unknown[], isFirst: boolean): unknown {
    const code = this.fault === 'fail' ? 'EIO' : 'ENOSPC';
    if (this.fault === 'fail' ? isFirst : isRoomy(name, args))
      throw Object.assign(new Error(`${code}: ${name}`), { code });
    return passOn(name, args);
  }
}

/** What of the last call is on the disk. */
function lastOf(fault: Fault, name: keyof FileSystem, args: unknown[]): void {
  if (fault === 'kill-after') passOn(name, args);
  if (fault !== 'kill-in-write' || name !== 'writeSync') return;
  const [descriptor, bytes, position, length] = args as [number, Uint8Array, number, number];
  nodeFs.writeSync(descriptor, bytes, position, length >> 1, null);
}

function passOn(name: keyof FileSystem, args: unknown[]): unknown {
  // What a test finds afterwards does not depend on it, and it takes long.
  if (name === 'fsyncSync') return undefined;
  return (nodeFs[name] as (...args: unknown[]) => unknown)(...args);
}
