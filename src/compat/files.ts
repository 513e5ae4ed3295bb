import fs from 'node:fs';
import { unreadable } from '../errors.ts';
import type { Source } from '../io/source.ts';

/** A path as a binary string, in the form that node:fs takes for any bytes. */
export const pathBytes = (path: string): Buffer => Buffer.from(path, 'latin1');

/** Opens without waiting for the other side of a named pipe. Throws what fs.openSync throws. */
export function openPath(path: string, access: number): number {
  return fs.openSync(pathBytes(path), access | fs.constants.O_NONBLOCK);
}

/** The first bytes of a file, at most `most`. Throws what node:fs throws. */
export function readFront(path: string, most: number): Buffer {
  const descriptor = openPath(path, fs.constants.O_RDONLY);
  try {
    const bytes = Buffer.allocUnsafe(Math.min(fs.fstatSync(descriptor).size, most));
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = fs.readSync(descriptor, bytes, length, bytes.length - length, length);
    }
    return bytes.subarray(0, length);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** A descriptor as a source, read from its beginning. Closing is the caller's. */
export class DescriptorSource implements Source {
  readonly name: string;
  readonly size: number | undefined;
  private readonly descriptor: number;
  private offset = 0;

  /** `size`: bytes of a regular file, whose parts can be read in any order; undefined for anything else. */
  constructor(name: string, descriptor: number, size: number | undefined) {
    this.name = name;
    this.descriptor = descriptor;
    this.size = size;
  }

  read(into: Uint8Array, position: number, length: number): number {
    try {
      const at = this.size === undefined ? null : this.offset;
      const count = fs.readSync(this.descriptor, into, position, length, at);
      this.offset += count;
      return count;
    } catch (error) {
      throw unreadable(this.name, error);
    }
  }

  seek(offset: number): boolean {
    if (this.size === undefined) return false;
    this.offset = offset;
    return true;
  }

  close(): void {}
}
