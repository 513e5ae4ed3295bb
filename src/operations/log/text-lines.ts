import type { LogDamage, LogRdb } from '../../aof/log/options.ts';
import type { LogPlace } from '../../aof/log/visitor.ts';
import { printable } from '../../io/text.ts';
import type { ByteWriter } from '../../io/writer.ts';
import type { CommandView } from '../../resp/command-view.ts';

/*
 * A command as a line, each argument quoted as redis-cli quotes and reads it:
 *
 *     FILE:OFFSET #ORDINAL TIME dbN COMMAND "argument" "shortened"…(219 bytes) …(8 more arguments)
 */

/** Bytes of an argument that a short line shows, and how many arguments. */
export const shownBytes = 64;
export const shownArguments = 16;

const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const hexDigits = Buffer.from('0123456789abcdef', 'latin1');

/** For each byte: 0 if it stands for itself, else the letter after a backslash, 'x' for two hexadecimal digits. */
export const escapes = new Uint8Array(256).fill(0x78);
escapes.fill(0, 0x20, 0x7f);
for (const [byte, letter] of [
  [7, 'a'],
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [13, 'r'],
  [quote, '"'],
  [backslash, '\\'],
] as const)
  escapes[byte] = letter.charCodeAt(0);

/** Bytes that may stand in a command's name without quotes: letters, digits and a few marks. */
export const bare = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-|@') bare[char.charCodeAt(0)] = 1;

/** Writes records as lines of text. */
export class TextLines {
  readonly out: ByteWriter;
  private readonly full: boolean;
  /** `FILE:` of the part, and ` TIME dbN ` of what holds now. */
  private partName = '';
  private head: DataView = new DataView(new ArrayBuffer(0));
  private headLength = 0;
  private time = -1;
  private database = -1;
  private middle: DataView = new DataView(new ArrayBuffer(0));
  private middleLength = 0;
  /** The memory of the output and of the frame, to take words from anywhere. */
  private view: DataView = new DataView(new ArrayBuffer(0));
  private viewed: Buffer | undefined;
  private sourceView: DataView = new DataView(new ArrayBuffer(0));
  private source: Buffer | undefined;

  constructor(out: ByteWriter, full: boolean) {
    this.out = out;
    this.full = full;
  }

  command(frame: CommandView, place: LogPlace): void {
    this.settle(place);
    const { out, full } = this;
    const { argc, starts, lengths } = frame;
    const shown = full ? argc : Math.min(argc, shownArguments + 1);
    let room = this.headLength + this.middleLength + 96 + shown * (shownBytes * 4 + 32);
    if (full) for (let index = 0; index < shown; index++) room += lengths[index] * 4;
    out.reserve(room);
    this.look(frame.bytes);
    this.writePlace(place);
    this.writeName(frame);
    for (let index = 1; index < shown; index++) {
      out.bytes[out.length++] = space;
      const length = lengths[index];
      const whole = full || length <= shownBytes;
      this.writeQuoted(frame.bytes, starts[index], starts[index] + (whole ? length : shownBytes));
      if (!whole) this.writeLength(length);
    }
    if (shown < argc) out.writeText(` \xe2\x80\xa6(${argc - shown} more arguments)`);
    out.writeByte(lineFeed);
  }

  rdb(rdb: LogRdb, place: LogPlace): void {
    const { out } = this;
    out.writeBytes(Buffer.from(`${printable(place.part.name)}:`));
    out.writeText(`0 RDB, ${rdb.keys} key${rdb.keys === 1 ? '' : 's'} (${rdb.fork}, version ${rdb.version}, `);
    out.writeText(`${rdb.length} bytes)\n`);
  }

  damage(damage: LogDamage, place: LogPlace): void {
    const { out } = this;
    const { code, offset, length, expected, found } = damage;
    const what = damage.unsupported ? 'NOT KNOWN to this build' : 'DAMAGED';
    const text = `${place.part.name}:${offset} ${what}, ${length} bytes passed over: ${code}, expected ${expected}, found ${found}`;
    out.writeBytes(Buffer.from(`${printable(text)}\n`, 'utf8'));
  }

  /** Brings what all lines share up to date. */
  private settle(place: LogPlace): void {
    const { part, time, database } = place;
    if (part.name !== this.partName) {
      this.partName = part.name;
      const head = `${printable(part.name)}:`;
      this.headLength = Buffer.byteLength(head);
      this.head = words(head);
    }
    if (database === this.database && Object.is(time, this.time)) return;
    this.time = time;
    this.database = database;
    const text = ` ${timeText(time)} db${database} `;
    this.middleLength = text.length;
    this.middle = words(text);
  }

  /** Follows buffers that were exchanged. */
  private look(source: Buffer): void {
    const { bytes } = this.out;
    if (bytes !== this.viewed) {
      this.viewed = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    if (source === this.source) return;
    this.source = source;
    this.sourceView = new DataView(source.buffer, source.byteOffset, source.length);
  }

  /** `FILE:OFFSET #ORDINAL TIME dbN `; the room for it is there, and for a word more. */
  private writePlace(place: LogPlace): void {
    const { out, head, middle } = this;
    const { view } = this;
    let at = out.length;
    // Four bytes at a time: what is copied beyond the end is written over.
    for (let index = 0; index < head.byteLength; index += 4)
      view.setInt32(at + index, head.getInt32(index, true), true);
    at = writeNumber(out.bytes, at + this.headLength, place.offset);
    out.bytes[at++] = space;
    out.bytes[at++] = 0x23;
    at = writeNumber(out.bytes, at, place.ordinal);
    for (let index = 0; index < middle.byteLength; index += 4)
      view.setInt32(at + index, middle.getInt32(index, true), true);
    out.length = at + this.middleLength;
  }

  private writeName(frame: CommandView): void {
    const { out } = this;
    const { bytes: source } = frame;
    const start = frame.starts[0];
    const length = frame.lengths[0];
    const { bytes } = out;
    if (length > 0 && length <= shownBytes) {
      let at = out.length;
      let index = start;
      const end = start + length;
      while (index < end && bare[source[index]] === 1) bytes[at++] = source[index++];
      if (index === end) {
        out.length = at;
        return;
      }
    }
    const whole = this.full || length <= shownBytes;
    this.writeQuoted(source, start, start + (whole ? length : shownBytes));
    if (!whole) this.writeLength(length);
  }

  /** What stands behind a shortened argument. */
  private writeLength(length: number): void {
    const { out } = this;
    out.writeText('\xe2\x80\xa6(');
    out.writeDecimal(length);
    out.writeText(' bytes)');
  }

  /** `source[from, to)` in quotes; the room for it is there. */
  private writeQuoted(source: Uint8Array, from: number, to: number): void {
    const { out, view, sourceView } = this;
    const { bytes } = out;
    let at = out.length;
    let index = from;
    bytes[at++] = quote;
    for (;;) {
      // Four bytes at a time as long as none of them has to be escaped.
      while (index + 4 <= to) {
        const word = sourceView.getInt32(index, true);
        if (hasSpecial(word)) break;
        view.setInt32(at, word, true);
        index += 4;
        at += 4;
      }
      if (index >= to) break;
      const byte = source[index++];
      const letter = escapes[byte];
      if (letter === 0) {
        bytes[at++] = byte;
        continue;
      }
      bytes[at++] = backslash;
      bytes[at++] = letter;
      if (letter !== 0x78) continue;
      bytes[at++] = hexDigits[byte >> 4];
      bytes[at++] = hexDigits[byte & 15];
    }
    bytes[at++] = quote;
    out.length = at;
  }
}

const eachByte = 0x01010101;
const highBits = 0x80808080 | 0;

/** Whether one of the four bytes is a control, a quote, a backslash, or above 0x7e: each term sets the high bit of such a byte. */
function hasSpecial(word: number): boolean {
  const quoted = word ^ 0x22222222;
  const slashed = word ^ 0x5c5c5c5c;
  const marks =
    word |
    ((word + eachByte) | 0) |
    (((word - 0x20202020) | 0) & ~word) |
    (((quoted - eachByte) | 0) & ~quoted) |
    (((slashed - eachByte) | 0) & ~slashed);
  return (marks & highBits) !== 0;
}

/** "00" to "99", two bytes each. */
const pairs = Buffer.from(
  Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0')).join(''),
  'latin1',
);

/** Writes a whole number in decimal at `at` and gives where it ends; it has less than 16 digits. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = value;
  if (value >= 1e8) {
    const high = Math.floor(value / 1e8);
    position = writeNumber(bytes, at, high);
    rest = value - high * 1e8 + 1e8;
  }
  let digits = 1;
  for (let bound = 10; rest >= bound; bound *= 10) digits++;
  let end = position + digits;
  let left = rest | 0;
  while (left >= 10) {
    const tail = ((left % 100) | 0) * 2;
    left = (left / 100) | 0;
    bytes[--end] = pairs[tail + 1];
    bytes[--end] = pairs[tail];
  }
  if (end > position) bytes[--end] = 48 + left;
  if (value < 1e8) return position + digits;
  // The leading 1 only kept the zeros behind it.
  bytes.copyWithin(position, position + 1, position + digits);
  return position + digits - 1;
}

/** A text's bytes, up to the next whole word. */
function words(text: string): DataView {
  const bytes = Buffer.from(text, 'utf8');
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  return new DataView(padded.buffer);
}

/** Seconds since 1970 as ISO 8601; `-` where no time is known. */
export function timeText(seconds: number): string {
  if (Number.isNaN(seconds)) return '-';
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}
