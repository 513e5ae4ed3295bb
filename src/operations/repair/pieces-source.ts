import { Crc64 } from '../../checksum/crc64.ts';
import type { Source } from '../../io/source.ts';
import { checksumVersionMin, Opcode } from '../../rdb/opcodes.ts';
import type { Piece } from './plan.ts';

/** Told every byte of the result, in order. */
export type Tee = (bytes: Uint8Array, position: number, length: number) => void;

/**
 * The result of a repair as a source that can be checked while it is written: pieces of the file that is repaired and new
 * bytes, one after the other. What is read from it is handed to `tee` as well.
 */
export class PiecesSource implements Source {
  readonly name: string;
  readonly size: number;
  private readonly source: Source;
  private readonly pieces: readonly Piece[];
  private readonly rdbVersion: number;
  private readonly tee: Tee;
  private index = 0;
  /** Bytes of the current piece that were read. */
  private done = 0;
  private end: Uint8Array | undefined;
  /** Runs until the end of an RDB was made. */
  private crc: Crc64 | undefined;

  constructor(source: Source, pieces: readonly Piece[], rdbVersion: number, tee: Tee) {
    this.source = source;
    this.name = source.name;
    this.pieces = pieces;
    this.rdbVersion = rdbVersion;
    this.tee = tee;
    this.size = pieces.reduce((sum, piece) => sum + this.lengthOf(piece), 0);
    if (pieces.some(({ kind }) => kind === 'rdb-end')) this.crc = new Crc64();
  }

  private lengthOf(piece: Piece): number {
    if (piece.kind === 'copy') return piece.length;
    if (piece.kind === 'bytes') return piece.bytes.length;
    return this.rdbVersion >= checksumVersionMin ? 9 : 1;
  }

  read(into: Uint8Array, position: number, length: number): number {
    while (this.index < this.pieces.length) {
      const piece = this.pieces[this.index];
      const count = Math.min(length, this.lengthOf(piece) - this.done);
      if (count > 0) {
        const made = this.readPiece(piece, into, position, count);
        this.done += made;
        this.crc?.update(into, position, position + made);
        this.tee(into, position, made);
        return made;
      }
      this.index++;
      this.done = 0;
    }
    return 0;
  }

  private readPiece(piece: Piece, into: Uint8Array, position: number, count: number): number {
    if (piece.kind === 'copy') {
      if (this.done === 0) this.source.seek(piece.offset);
      const made = this.source.read(into, position, count);
      if (made === 0) throw new Error(`${this.name} became shorter while it was repaired`);
      return made;
    }
    const bytes = piece.kind === 'bytes' ? piece.bytes : this.rdbEnd();
    into.set(bytes.subarray(this.done, this.done + count), position);
    return count;
  }

  /** `0xff`, then the CRC-64 of all bytes before it and of itself. */
  private rdbEnd(): Uint8Array {
    if (this.end !== undefined) return this.end;
    const end = Buffer.alloc(this.rdbVersion >= checksumVersionMin ? 9 : 1);
    end[0] = Opcode.eof;
    this.crc?.update(end, 0, 1);
    if (end.length > 1) end.writeBigUInt64LE(this.crc?.value() ?? 0n, 1);
    this.crc = undefined;
    this.end = end;
    return end;
  }

  seek(): boolean {
    return false;
  }

  close(): void {
    this.source.close();
  }
}
