import { corrupt } from './frame.ts';
import { BackwardBits, type FseTable, fseOfSymbol, fseTable, readFseTable } from './fse.ts';
import type { History } from './history.ts';
import { decodeHuffman, type HuffmanTable, readHuffmanTable } from './huffman.ts';

/*
 * A compressed block of Zstandard (RFC 8878, 3.1.1.3): literals, then sequences of so many literals and a match.
 *
 *   literals    type (2 bits) | format (2 bits) | sizes | [Huffman code] | [sizes of three of four streams] | bytes
 *   sequences   count | modes | [tables] | bits, from the end to the front
 */
const literalsRle = 1;
const literalsCompressed = 2;
/** Literals of a block, at most: 128 KiB, as the block itself. */
const literalsMax = 131072;

const literalLengths = [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
].concat(Array<number>(4).fill(-1));
const matchLengths = [1, 4, 3, 2, 2, 2, 2, 2, 2].concat(Array<number>(37).fill(1), Array<number>(7).fill(-1));
const offsets = [1, 1, 1, 1, 1, 1, 2, 2, 2].concat(Array<number>(15).fill(1), Array<number>(5).fill(-1));

/** One of the three codes of a sequence: its default table, and what a stored one may have. */
interface Code {
  readonly standard: FseTable;
  readonly logMax: number;
  readonly symbolMax: number;
}

const codes: readonly Code[] = [
  { standard: fseTable(literalLengths, 6), logMax: 9, symbolMax: 35 },
  { standard: fseTable(offsets, 5), logMax: 8, symbolMax: 31 },
  { standard: fseTable(matchLengths, 6), logMax: 9, symbolMax: 52 },
];

/** Bits that follow a code, and the least value of each. */
const literalBits = [...Array<number>(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const matchBits = [...Array<number>(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const literalBases = basesOf(literalBits, 0);
const matchBases = basesOf(matchBits, 3);

function basesOf(bits: readonly number[], first: number): number[] {
  let base = first;
  return bits.map((count) => {
    base += 1 << count;
    return base - (1 << count);
  });
}

export class ZstdBlocks {
  private readonly history: History;
  private readonly literals = new Uint8Array(literalsMax);
  private literalCount = 0;
  private huffman: HuffmanTable | undefined;
  private tables: (FseTable | undefined)[] = [];
  private readonly recent = [1, 4, 8];

  constructor(history: History) {
    this.history = history;
  }

  /** Appends the block `bytes[from, to)` to the history, at most `max` bytes. Of `bytes`, three more after `to` may be read. */
  decode(bytes: Uint8Array, from: number, to: number, max: number): void {
    const at = this.readLiterals(bytes, from, to, max);
    this.readSequences(bytes, at, to, this.history.end + max);
  }

  private readLiterals(bytes: Uint8Array, from: number, to: number, max: number): number {
    if (from >= to) corrupt('an empty Zstandard block');
    const type = bytes[from] & 3;
    const format = (bytes[from] >> 2) & 3;
    if (type >= literalsCompressed) return this.readCoded(bytes, from, to, max, type, format);
    const width = format === 1 ? 2 : format === 3 ? 3 : 1;
    const head = readLittle(bytes, from, width, to);
    const count = head >> (width === 1 ? 3 : 4);
    const at = from + width;
    this.expect(count, max);
    if (type === literalsRle) {
      if (at >= to) corrupt('Zstandard literals that are cut short');
      this.literals.fill(bytes[at], 0, count);
      return at + 1;
    }
    if (count > to - at) corrupt('Zstandard literals that are cut short');
    this.literals.set(bytes.subarray(at, at + count));
    return at + count;
  }

  private expect(count: number, max: number): void {
    if (count > max || count > literalsMax) corrupt(`${count} literals in a Zstandard block of at most ${max} bytes`);
    this.literalCount = count;
  }

  private readCoded(bytes: Uint8Array, from: number, to: number, max: number, type: number, format: number): number {
    const width = format < 2 ? 3 : format + 2;
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
    const head = readLittle(bytes, from, width, to);
    const count = Math.floor(head / 16) % 2 ** sizeBits;
    const size = Math.floor(head / 2 ** (4 + sizeBits));
    let at = from + width;
    const end = at + size;
    this.expect(count, max);
    if (end > to) corrupt('Zstandard literals that are cut short');
    if (type === literalsCompressed) {
      const read = readHuffmanTable(bytes, at, end);
      this.huffman = read.table;
      at = read.at;
    }
    const { huffman, literals } = this;
    if (huffman === undefined) return corrupt('Zstandard literals without a Huffman code');
    if (format === 0) decodeHuffman(huffman, bytes, at, end, literals, 0, count);
    else decodeFour(huffman, bytes, at, end, literals, count);
    return end;
  }

  private readSequences(bytes: Uint8Array, from: number, to: number, outEnd: number): void {
    let at = from;
    if (at >= to) corrupt('a Zstandard block without sequences');
    let count = bytes[at++];
    if (count === 255) {
      count = readLittle(bytes, at, 2, to) + 0x7f00;
      at += 2;
    } else if (count >= 128) count = ((count - 128) << 8) | readLittle(bytes, at++, 1, to);
    if (count === 0) {
      if (at !== to) corrupt('bytes after the end of a Zstandard block');
      this.history.append(this.literals, 0, this.literalCount);
      return;
    }
    const modes = readLittle(bytes, at++, 1, to);
    if ((modes & 3) !== 0) corrupt('reserved bits in a Zstandard block');
    for (let index = 0; index < 3; index++) at = this.readTable(index, (modes >> (6 - 2 * index)) & 3, bytes, at, to);
    this.execute(count, new BackwardBits(bytes, at, to), outEnd);
  }

  private readTable(index: number, mode: number, bytes: Uint8Array, at: number, to: number): number {
    const { standard, logMax, symbolMax } = codes[index];
    if (mode === 0) this.tables[index] = standard;
    else if (mode === 1) {
      const symbol = readLittle(bytes, at, 1, to);
      if (symbol > symbolMax) corrupt(`a Zstandard code ${symbol}`);
      this.tables[index] = fseOfSymbol(symbol);
      return at + 1;
    } else if (mode === 2) {
      const read = readFseTable(bytes, at, to, logMax, symbolMax);
      this.tables[index] = read.table;
      return read.at;
    } else if (this.tables[index] === undefined)
      corrupt('a Zstandard table that is to be used again and was not there');
    return at;
  }

  private execute(count: number, bits: BackwardBits, outEnd: number): void {
    const { history, literals, recent } = this;
    const [lengths, places, matches] = this.tables as FseTable[];
    let lengthState = bits.read(lengths.log);
    let placeState = bits.read(places.log);
    let matchState = bits.read(matches.log);
    let used = 0;
    for (let left = count; left > 0; left--) {
      const lengthCode = lengths.symbols[lengthState];
      const placeCode = places.symbols[placeState];
      const matchCode = matches.symbols[matchState];
      const value = 2 ** placeCode + bits.read(placeCode);
      const match = matchBases[matchCode] + bits.read(matchBits[matchCode]);
      const length = literalBases[lengthCode] + bits.read(literalBits[lengthCode]);
      if (left > 1) {
        lengthState = lengths.bases[lengthState] + bits.read(lengths.bits[lengthState]);
        matchState = matches.bases[matchState] + bits.read(matches.bits[matchState]);
        placeState = places.bases[placeState] + bits.read(places.bits[placeState]);
      }
      if (bits.left < 0) corrupt('Zstandard sequences that are cut short');
      const offset = value > 3 ? pushOffset(recent, value - 3) : recentOffset(recent, value - (length === 0 ? 0 : 1));
      if (used + length > this.literalCount) corrupt('Zstandard sequences of more literals than there are');
      if (history.end + length + match > outEnd) corrupt('a Zstandard block of more than its largest size');
      history.append(literals, used, used + length);
      used += length;
      if (offset <= 0 || offset > history.end - history.start) corrupt(`a Zstandard match ${offset} bytes back`);
      history.copyMatch(offset, match);
    }
    if (bits.left !== 0) corrupt('Zstandard sequences that do not end with their bits');
    if (history.end + this.literalCount - used > outEnd) corrupt('a Zstandard block of more than its largest size');
    history.append(literals, used, this.literalCount);
  }
}

function pushOffset(recent: number[], offset: number): number {
  recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = offset;
  return offset;
}

/** The offset of number `index` of the last three, or one less than the last (3); it becomes the last. */
function recentOffset(recent: number[], index: number): number {
  if (index === 0) return recent[0];
  const offset = index === 3 ? recent[0] - 1 : recent[index];
  if (index > 1) recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = offset;
  return offset;
}

/** Four streams, the sizes of the first three before them; each but the last gives a quarter, rounded up. */
function decodeFour(table: HuffmanTable, bytes: Uint8Array, from: number, to: number, out: Uint8Array, count: number) {
  let at = from + 6;
  const share = (count + 3) >> 2;
  if (at > to || share * 3 > count) corrupt('Zstandard literals in four streams that are too few');
  for (let stream = 0; stream < 4; stream++) {
    const end = stream === 3 ? to : at + readLittle(bytes, from + stream * 2, 2, to);
    if (end > to) corrupt('Zstandard literals that are cut short');
    decodeHuffman(table, bytes, at, end, out, stream * share, stream === 3 ? count : (stream + 1) * share);
    at = end;
  }
}

function readLittle(bytes: Uint8Array, at: number, width: number, to: number): number {
  if (at + width > to) corrupt('a Zstandard block that is cut short');
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + bytes[at + index];
  return value;
}
