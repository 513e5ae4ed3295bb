import { EnvelopeSource } from './envelope/envelope-source.ts';
import { type Codec, envelopeBytes, isEnvelope, readEnvelope } from './envelope/vcs.ts';
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

/** Opens a file, a pipe or (`-`) standard input, decompressing it if it is gzip or in a known envelope. Throws UnreadableError. */
export function openInput(path: string): Input {
  const source = path === '-' ? FileSource.stdin() : FileSource.open(path);
  const head = readHead(source);
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return openGzip(path, source, head);
  const isFile = source.seek(0);
  const raw = isFile ? source : new PrefixedSource(head, source);
  if (!isEnvelope(head)) return { source: raw, gzip: false, reopen: isFile ? path : undefined };
  const codec = readEnvelope(head);
  // What is not known of an envelope is told by whoever reads its first bytes as an RDB's.
  if (typeof codec !== 'string') return { source: raw, gzip: false, reopen: isFile ? path : undefined };
  return { source: new EnvelopeSource(raw, codec), gzip: false, reopen: undefined };
}

/** The first bytes, as many as an envelope has, or all. */
function readHead(source: Source): Buffer {
  const head = Buffer.alloc(envelopeBytes);
  let length = 0;
  while (length < head.length) {
    const count = source.read(head, length, head.length - length);
    if (count === 0) break;
    length += count;
  }
  return head.subarray(0, length);
}

function openGzip(path: string, source: FileSource, head: Buffer): Input {
  // The worker reads a descriptor from its current place, which reading at a position does not move.
  const descriptor = source.seek(0) ? fs.openSync(path, 'r') : source.descriptor;
  const fresh = descriptor !== source.descriptor;
  const close = () => {
    if (fresh) fs.closeSync(descriptor);
    source.close();
  };
  const decompressed = new GunzipSource(path, descriptor, fresh ? new Uint8Array(0) : head, close);
  return { source: decompressed, gzip: true, reopen: undefined };
}

/** Opens a regular file without decompressing gzip; what stands in a known envelope is decompressed. Throws UnreadableError. */
export function openRegular(path: string): Source {
  return envelopeOf(path) === undefined ? FileSource.open(path) : openInput(path).source;
}

/** Whether a file is an RDB in a known envelope; false for what is no regular file. Throws UnreadableError. */
function envelopeOf(path: string): Codec | undefined {
  if (fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const source = FileSource.open(path);
  try {
    const head = readHead(source);
    const codec = isEnvelope(head) ? readEnvelope(head) : undefined;
    return typeof codec === 'string' ? codec : undefined;
  } finally {
    source.close();
  }
}
