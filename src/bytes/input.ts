import fs from './file-system.ts';
import { GunzipSource } from './gunzip-source.ts';
import { FileSource, type Source } from './source.ts';

/** A source whose first bytes were read already. */
class PrefixedSource implements Source {
  readonly name: string;
  readonly size: number | undefined;
  private prefix: Uint8Array;
  private readonly rest: Source;

  constructor(prefix: Uint8Array, rest: Source) {
    this.name = rest.name;
    this.size = rest.size;
    this.prefix = prefix;
    this.rest = rest;
  }

  read(into: Uint8Array, position: number, length: number): number {
    if (this.prefix.length === 0) return this.rest.read(into, position, length);
    const count = Math.min(length, this.prefix.length);
    into.set(this.prefix.subarray(0, count), position);
    this.prefix = this.prefix.subarray(count);
    return count;
  }

  seek(): boolean {
    return false;
  }

  close(): void {
    this.rest.close();
  }
}

export interface Input {
  readonly source: Source;
  readonly gzip: boolean;
  /** The path under which the same bytes can be opened a second time; undefined for a pipe or a compressed file. */
  readonly reopen: string | undefined;
}

/** Opens a file, a pipe or (`-`) standard input, decompressing it if it is gzip. Throws UnreadableError. */
export function openInput(path: string): Input {
  const source = path === '-' ? FileSource.stdin() : FileSource.open(path);
  const head = Buffer.alloc(2);
  let length = 0;
  while (length < 2) {
    const count = source.read(head, length, 2 - length);
    if (count === 0) break;
    length += count;
  }
  if (length === 2 && head[0] === 0x1f && head[1] === 0x8b) {
    // The worker reads a descriptor from its current place, which reading at a position does not move.
    const descriptor = source.seek(0) ? fs.openSync(path, 'r') : source.descriptor;
    const fresh = descriptor !== source.descriptor;
    const close = () => {
      if (fresh) fs.closeSync(descriptor);
      source.close();
    };
    return {
      source: new GunzipSource(path, descriptor, fresh ? new Uint8Array(0) : head, close),
      gzip: true,
      reopen: undefined,
    };
  }
  if (source.seek(0)) return { source, gzip: false, reopen: path };
  return { source: new PrefixedSource(head.subarray(0, length), source), gzip: false, reopen: undefined };
}
