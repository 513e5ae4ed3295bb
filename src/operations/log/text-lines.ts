import type { ByteWriter } from '../../bytes/writer.ts';
import type { Frame } from '../../engine/frame.ts';
import type { LogDamage, LogRdb } from './options.ts';
import type { LogPlace } from './visitor.ts';

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
const escapes = new Uint8Array(256).fill(0x78);
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
const bare = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-|@') bare[char.charCodeAt(0)] = 1;

/** Writes records as lines of text. */
export class TextLines {
  readonly out: ByteWriter;
  private readonly full: boolean;
  /** `FILE:` of the part, and ` TIME dbN ` of what holds now. */
  private partName = '';
  private head: Buffer = Buffer.alloc(0);
  private time = -1;
  private database = -1;
  private middle: Buffer = Buffer.alloc(0);

  constructor(out: ByteWriter, full: boolean) {
    this.out = out;
    this.full = full;
  }

  command(frame: Frame, place: LogPlace): void {
    this.settle(place);
    const { out, head, middle, full } = this;
    const { argc, starts, lengths } = frame;
    const shown = full ? argc : Math.min(argc, shownArguments + 1);
    let room = head.length + middle.length + 96;
    for (let index = 0; index < shown; index++) {
      const length = lengths[index];
      room += (full || length < shownBytes ? length : shownBytes) * 4 + 32;
    }
    out.reserve(room);
    this.writePlace(place);
    this.writeName(frame);
    for (let index = 1; index < shown; index++) {
      out.bytes[out.length++] = space;
      const length = lengths[index];
      const whole = full || length <= shownBytes;
      this.writeQuoted(frame.bytes, starts[index], starts[index] + (whole ? length : shownBytes));
      if (!whole) out.writeText(`…(${length} bytes)`.replace('…', '\xe2\x80\xa6'));
    }
    if (shown < argc) out.writeText(` \xe2\x80\xa6(${argc - shown} more arguments)`);
    out.writeByte(lineFeed);
  }

  rdb(rdb: LogRdb, place: LogPlace): void {
    const { out } = this;
    this.settle(place);
    out.writeBytes(this.head);
    out.writeText(`0 RDB, ${rdb.keys} key${rdb.keys === 1 ? '' : 's'} (${rdb.fork}, version ${rdb.version}, `);
    out.writeText(`${rdb.length} bytes)\n`);
  }

  damage(damage: LogDamage, place: LogPlace): void {
    const { out } = this;
    const { code, offset, length, expected, found } = damage;
    this.settle(place);
    out.writeBytes(this.head);
    const text = `${offset} DAMAGED, ${length} bytes passed over: ${code}, expected ${expected}, found ${found}\n`;
    out.writeBytes(Buffer.from(text, 'utf8'));
  }

  /** Brings what all lines share up to date. */
  private settle(place: LogPlace): void {
    const { part, time, database } = place;
    if (part.name !== this.partName) {
      this.partName = part.name;
      this.head = Buffer.from(`${part.name}:`, 'utf8');
    }
    if (database === this.database && (time === this.time || Number.isNaN(time) === Number.isNaN(this.time))) return;
    this.time = time;
    this.database = database;
    this.middle = Buffer.from(` ${timeText(time)} db${database} `, 'latin1');
  }

  private writePlace(place: LogPlace): void {
    const { out, head, middle } = this;
    const { bytes } = out;
    let at = out.length;
    for (let index = 0; index < head.length; index++) bytes[at++] = head[index];
    out.length = at;
    out.writeDecimal(place.offset);
    out.bytes[out.length++] = space;
    out.bytes[out.length++] = 0x23;
    out.writeDecimal(place.ordinal);
    at = out.length;
    for (let index = 0; index < middle.length; index++) bytes[at++] = middle[index];
    out.length = at;
  }

  private writeName(frame: Frame): void {
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
    if (!whole) out.writeText(`\xe2\x80\xa6(${length} bytes)`);
  }

  /** `source[from, to)` in quotes; the room for it is there. */
  private writeQuoted(source: Uint8Array, from: number, to: number): void {
    const { out } = this;
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = quote;
    for (let index = from; index < to; index++) {
      const byte = source[index];
      const escape = escapes[byte];
      if (escape === 0) {
        bytes[at++] = byte;
        continue;
      }
      bytes[at++] = backslash;
      bytes[at++] = escape;
      if (escape !== 0x78) continue;
      bytes[at++] = hexDigits[byte >> 4];
      bytes[at++] = hexDigits[byte & 15];
    }
    bytes[at++] = quote;
    out.length = at;
  }
}

/** Seconds since 1970 as ISO 8601; `-` where no time is known. */
export function timeText(seconds: number): string {
  if (Number.isNaN(seconds)) return '-';
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}
