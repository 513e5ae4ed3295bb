import { UnreadableError, unreadable } from '../errors.ts';
import fs from './file-system.ts';

/**
 * Where bytes come from, read once from front to back, synchronously: parsers stay plain loops, and an operation gives way
 * to the event loop between two items.
 */
export interface Source {
  /** As the user named it; `-` for standard input. */
  readonly name: string;
  /** Bytes in all when it was opened; undefined where nobody can know (a pipe, a compressed file). */
  readonly size: number | undefined;
  /** Where the bytes are those of a compressed envelope (Valkey 9.2). */
  readonly envelope?: EnvelopeFacts;
  /** Reads at most `length` bytes into `into` at `position` and returns how many; 0 is the end. Throws UnreadableError. */
  read(into: Uint8Array, position: number, length: number): number;
  /** Goes on reading at `offset`; false where the source can only be read once. */
  seek(offset: number): boolean;
  close(): void;
}

/** What is known of the envelope that a source's bytes came in. */
export interface EnvelopeFacts {
  readonly codec: 'lz4' | 'zstd';
  /** The end of the frame was reached, and it was whole. */
  readonly ended: boolean;
  /** The rest of an AOF follows the frame. */
  readonly hasTail: boolean;
  /** How far the compressed file was read, bytes. */
  readonly physicalOffset: number;
}

/** How long a named pipe may stay silent before its first byte, milliseconds. */
const pipeSilenceMax = 5000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Reads a file, a named pipe or a descriptor. A file that shrinks or grows meanwhile is simply read to where it ends. */
export class FileSource implements Source {
  readonly name: string;
  readonly size: number | undefined;
  readonly descriptor: number;
  private readonly owned: boolean;
  private waited = 0;
  private started = false;
  /** Where the next read begins; null for a pipe, which has no places. */
  private offset: number | null = null;

  private constructor(name: string, descriptor: number, size: number | undefined, owned: boolean) {
    this.name = name;
    this.descriptor = descriptor;
    this.size = size;
    this.owned = owned;
    if (owned && size !== undefined) this.offset = 0;
  }

  /** Opens `path`. A folder, a socket or a device is refused with an UnreadableError. */
  static open(path: string): FileSource {
    let descriptor: number;
    try {
      // O_NONBLOCK: opening a named pipe that nobody writes to must not hang. It changes nothing for a regular file.
      descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    } catch (error) {
      throw unreadable(path, error);
    }
    const stat = fs.fstatSync(descriptor);
    if (stat.isFile()) return new FileSource(path, descriptor, stat.size, true);
    if (stat.isFIFO()) return new FileSource(path, descriptor, undefined, true);
    fs.closeSync(descriptor);
    const kind = stat.isDirectory() ? 'it is a folder' : 'it is a device or a socket, not a file';
    throw new UnreadableError(path, stat.isDirectory() ? 'EISDIR' : 'ENOTSUP', `cannot read ${path}: ${kind}`);
  }

  /** Standard input. */
  static stdin(): FileSource {
    const stat = fs.fstatSync(0);
    return new FileSource('-', 0, stat.isFile() ? stat.size : undefined, false);
  }

  read(into: Uint8Array, position: number, length: number): number {
    for (;;) {
      try {
        const count = fs.readSync(this.descriptor, into, position, length, this.offset);
        if (count > 0) {
          this.started = true;
          if (this.offset !== null) this.offset += count;
          return count;
        }
        if (!this.owned || this.size !== undefined || this.started || !this.keepWaiting()) return 0;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EOF') return 0;
        if (code !== 'EAGAIN' && code !== 'EINTR') throw unreadable(this.name, error);
        this.pause();
      }
    }
  }

  seek(offset: number): boolean {
    if (this.offset === null) return false;
    this.offset = offset;
    return true;
  }

  /** Nobody has opened the pipe for writing yet: waits a little, then gives up with an error. */
  private keepWaiting(): boolean {
    if (this.waited >= pipeSilenceMax) {
      throw new UnreadableError(this.name, 'ETIMEDOUT', `cannot read ${this.name}: nobody writes to this named pipe`);
    }
    this.pause();
    return true;
  }

  private pause(): void {
    Atomics.wait(sleeper, 0, 0, 5);
    this.waited += 5;
  }

  close(): void {
    if (this.owned) fs.closeSync(this.descriptor);
  }
}

/** Whether a file begins as gzip's do; false for what is no regular file. Throws UnreadableError. */
export function isGzip(path: string): boolean {
  if (fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const source = FileSource.open(path);
  try {
    const head = Buffer.alloc(2);
    source.read(head, 0, 2);
    return head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    source.close();
  }
}

/** Bytes in memory as a source, for tests and for values that were read before. */
export class MemorySource implements Source {
  readonly name: string;
  readonly size: number;
  private readonly bytes: Uint8Array;
  private readonly chunk: number;
  private position = 0;

  /** `chunk`: at most so many bytes a read, to try every way in which a value can be split. */
  constructor(bytes: Uint8Array, name = 'memory', chunk = Number.POSITIVE_INFINITY) {
    this.bytes = bytes;
    this.name = name;
    this.size = bytes.length;
    this.chunk = chunk;
  }

  read(into: Uint8Array, position: number, length: number): number {
    const count = Math.min(length, this.chunk, this.bytes.length - this.position);
    into.set(this.bytes.subarray(this.position, this.position + count), position);
    this.position += count;
    return count;
  }

  seek(offset: number): boolean {
    this.position = offset;
    return true;
  }

  close(): void {}
}
