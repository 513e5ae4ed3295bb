import os from 'node:os';
import nodePath from 'node:path';
import { LimitError, UnwritableError, unreadable } from '../errors.ts';
import { DecompressionError } from '../io/decompression-error.ts';
import fs from '../io/file-system.ts';
import { openInput } from '../io/input.ts';
import { writeWhole } from '../io/open-folder.ts';
import { type EnvelopeFacts, FileSource, type Source } from '../io/source.ts';
import { createTemporary } from '../io/temporary-name.ts';
import { limits } from '../limits.ts';
import type { SourceReader } from '../values/value.ts';
import { heldSource, ValueCache } from './untouched/value-cache.ts';

/** What is read at a time while values are wanted in the order of the file, and where they are wanted here and there. */
const blockBytes = 256 * 1024;
const strayBytes = 4096;

interface OpenSource {
  readonly path: string;
  readonly descriptor: number;
  spooled: Spooled | undefined;
  block: Buffer;
  blockOffset: number;
  blockLength: number;
  /** Where the value ended that was read last. */
  lastEnd: number;
}

/**
 * The files of a dataset, by number, to be read again where a value was only noted as (source, offset, length). What can be
 * read only once, a pipe or a compressed file, is put into a temporary file first.
 */
export class Sources implements SourceReader {
  private readonly open: OpenSource[] = [];
  /** What is read as of source `heldSource`. */
  readonly held = new ValueCache();
  private large: Buffer = Buffer.alloc(0);

  /** Opens `path` for a first reading; its number is what `read` takes. Throws UnreadableError. */
  add(path: string): { readonly source: Source; readonly index: number } {
    const { source, reopen } = openInput(path);
    if (reopen !== undefined) return { source, index: this.push(path, fs.openSync(path, 'r')) };
    const { descriptor, ...spooled } = spool(source);
    source.close();
    const index = this.push(path, descriptor, spooled);
    return { source: this.reopen(index), index };
  }

  /** Opens a regular file as a server does, whatever its bytes are: nothing is decompressed. Throws UnreadableError. */
  addAsStored(path: string): { readonly source: Source; readonly index: number } {
    return { source: FileSource.open(path), index: this.push(path, fs.openSync(path, 'r')) };
  }

  pathOf(index: number): string {
    return this.open[index].path;
  }

  /** Why the compressed data of source number `index` could not be read to its end. */
  damage(index: number): DecompressionError | undefined {
    return this.open[index].spooled?.damage;
  }

  private push(path: string, descriptor: number, spooled?: Spooled): number {
    return (
      this.open.push({
        path,
        descriptor,
        spooled,
        block: Buffer.alloc(0),
        blockOffset: 0,
        blockLength: 0,
        lastEnd: 0,
      }) - 1
    );
  }

  /** Source number `index` once more, from its front. */
  reopen(index: number): Source {
    const { path, descriptor, spooled } = this.open[index];
    return new DescriptorSource(path, descriptor, spooled);
  }

  /** From now on source number `index` ends where its compressed data is damaged, as a file that was cut there. */
  endAtDamage(index: number): void {
    const file = this.open[index];
    file.spooled = file.spooled && { ...file.spooled, damage: undefined };
  }

  /** The open descriptor of source number `index`, to be read at places. */
  descriptor(index: number): number {
    return this.open[index].descriptor;
  }

  /** `length` bytes of source number `source` from `offset`; valid until the next call. */
  read(source: number, offset: number, length: number): Buffer {
    if (source === heldSource) return this.held.read(offset, length);
    const file = this.open[source];
    const from = offset - file.blockOffset;
    const inOrder = offset >= file.lastEnd && offset < file.lastEnd + blockBytes;
    file.lastEnd = offset + length;
    if (from >= 0 && from + length <= file.blockLength) return file.block.subarray(from, from + length);
    if (length > blockBytes) return this.readLarge(file, offset, length);
    if (file.block.length === 0) file.block = Buffer.allocUnsafeSlow(blockBytes);
    file.blockOffset = offset;
    file.blockLength = readFully(
      file.descriptor,
      file.block,
      inOrder ? blockBytes : Math.max(length, strayBytes),
      offset,
    );
    if (file.blockLength < length) throw changed(file);
    return file.block.subarray(0, length);
  }

  private readLarge(file: OpenSource, offset: number, length: number): Buffer {
    if (this.large.length < length) this.large = Buffer.allocUnsafeSlow(length);
    if (readFully(file.descriptor, this.large, length, offset) < length) throw changed(file);
    return this.large.subarray(0, length);
  }

  close(): void {
    for (const { descriptor } of this.open) fs.closeSync(descriptor);
    this.open.length = 0;
  }
}

function changed(file: OpenSource): Error {
  return unreadable(file.path, Object.assign(new Error('it became shorter while it was read'), { code: 'ECHANGED' }));
}

/** Reads `length` bytes of an open file from `offset` on; how many there were. */
export function readFully(descriptor: number, into: Buffer, length: number, offset: number): number {
  let filled = 0;
  while (filled < length) {
    const count = fs.readSync(descriptor, into, filled, length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Copies a source into a temporary file that has no name any more, so that nothing can be left behind. Throws UnwritableError. */
function spool(source: Source): Spooled & { readonly descriptor: number } {
  const folder = os.tmpdir();
  let descriptor = -1;
  const buffer = Buffer.allocUnsafe(1 << 20);
  try {
    const made = createTemporary('spool', (name) => nodePath.join(folder, name), fs);
    descriptor = made.descriptor;
    fs.unlinkSync(nodePath.join(folder, made.name));
  } catch (error) {
    throw unspooled(error);
  }
  try {
    const most = limits().spooledBytes;
    let spooled = 0;
    for (let count = 0; (count = source.read(buffer, 0, buffer.length)) > 0; ) {
      spooled += count;
      if (spooled > most)
        throw new LimitError(source.name, `it has more than ${most} bytes, decompressed`, '--max-spool');
      spoolBytes(descriptor, buffer, count);
    }
    return { descriptor, envelope: source.envelope, damage: undefined };
  } catch (error) {
    if (error instanceof DecompressionError) return { descriptor, envelope: source.envelope, damage: error };
    fs.closeSync(descriptor);
    throw error;
  }
}

function spoolBytes(descriptor: number, bytes: Buffer, length: number): void {
  try {
    writeWhole(descriptor, bytes, fs, length);
  } catch (error) {
    throw unspooled(error);
  }
}

/** A pipe, or what was decompressed, finds no room beside the other temporary files. */
const unspooled = (error: unknown): UnwritableError =>
  new UnwritableError(os.tmpdir(), error, 'nothing was replaced; set TMPDIR to a folder with room for the whole input');

/** What is known of a source that was decompressed into a file of its own. */
interface Spooled {
  readonly envelope: EnvelopeFacts | undefined;
  /** Why its end is not that of the data: whoever reads to it is told. */
  readonly damage: DecompressionError | undefined;
}

/** A descriptor that someone else closes, read from its front. */
export class DescriptorSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly envelope: EnvelopeFacts | undefined;
  private readonly descriptor: number;
  private readonly damage: DecompressionError | undefined;
  private offset = 0;

  constructor(name: string, descriptor: number, spooled?: Spooled) {
    this.name = name;
    this.descriptor = descriptor;
    this.size = fs.fstatSync(descriptor).size;
    this.envelope = spooled?.envelope;
    this.damage = spooled?.damage;
  }

  read(into: Uint8Array, position: number, length: number): number {
    const count = fs.readSync(this.descriptor, into, position, length, this.offset);
    if (count === 0 && this.damage !== undefined) throw this.damage;
    this.offset += count;
    return count;
  }

  seek(offset: number): boolean {
    this.offset = offset;
    return true;
  }

  close(): void {}
}
