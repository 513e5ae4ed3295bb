import { isUtf8 } from 'node:buffer';
import type { LogDamage, LogRdb } from '../../aof/log/options.ts';
import type { LogPlace } from '../../aof/log/visitor.ts';
import { printableJson } from '../../io/text.ts';
import type { ByteWriter } from '../../io/writer.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { shownArguments, shownBytes } from './text-lines.ts';

/*
 * A record as a JSON object a line:
 *
 *     {"type":"command","file":…,"offset":…,"length":…,"ordinal":…,"time":…,"db":…,"args":[…]}
 *
 * A command that an RREPLAY of KeyDB carries has the type `replayed` and follows that command, whose ordinal it has: it is no record of the
 * log itself.
 *
 * An argument is a string if its bytes are UTF-8: its UTF-8 encoding is then the argument. Else it is {"base64":…}. One that was
 * shortened is {"head":… or "base64":…, "length":…}.
 */
const quote = 0x22;
const comma = 0x2c;

/** Bytes that a JSON string holds as they are: printable ASCII but for the quote and the backslash. */
const plain = new Uint8Array(256).fill(1, 0x20, 0x7f);
plain[quote] = 0;
plain[0x5c] = 0;

/** Writes records as JSON. */
export class JsonLines {
  readonly out: ByteWriter;
  private readonly full: boolean;
  private path = '';
  private file: Buffer = Buffer.alloc(0);

  constructor(out: ByteWriter, full: boolean) {
    this.out = out;
    this.full = full;
  }

  /** `type`: `replayed` for a command that another one carries. */
  command(frame: CommandView, place: LogPlace, type: 'command' | 'replayed' = 'command'): void {
    const { out, full } = this;
    const { argc, starts, lengths, bytes } = frame;
    this.begin(type, place, place.offset, place.length);
    out.writeText(',"ordinal":');
    out.writeDecimal(place.ordinal);
    this.time(place.time);
    out.writeText(',"db":');
    out.writeDecimal(place.database);
    out.writeText(',"args":[');
    const shown = full ? argc : Math.min(argc, shownArguments + 1);
    let canonical = 3 + digits(argc);
    for (let index = 0; index < shown; index++) {
      if (index > 0) out.writeByte(comma);
      const start = starts[index];
      const length = lengths[index];
      canonical += 5 + digits(length) + length;
      if (full || length <= shownBytes) this.argument(bytes, start, length);
      else this.shortened(bytes, start, length);
    }
    out.writeText(shown < argc ? `],"more":${argc - shown}` : ']');
    // Headers such as "*03" are sound too; what is not as everybody writes it is given as it is.
    if (full && type === 'command' && canonical !== place.length) this.raw(bytes, frame, place);
    out.writeText('}\n');
  }

  annotation(bytes: Buffer, position: number, length: number, place: LogPlace): void {
    this.begin('annotation', place, place.offset, place.length);
    this.time(place.time);
    this.out.writeText(',"text":');
    this.argument(bytes, position, length);
    this.out.writeText('}\n');
  }

  rdb(rdb: LogRdb, place: LogPlace): void {
    const { offset, length, ...rest } = rdb;
    this.begin('rdb', place, offset, length);
    this.out.writeText(`,${JSON.stringify(rest).slice(1)}\n`);
  }

  damage(damage: LogDamage, place: LogPlace, bytes: Uint8Array): void {
    const { offset, length, ...rest } = damage;
    this.begin('damage', place, offset, length);
    this.out.writeBytes(Buffer.from(`,${printableJson(JSON.stringify(rest)).slice(1, -1)}`));
    if (this.full) this.out.writeText(`,"base64":"${Buffer.from(bytes).toString('base64')}"`);
    this.out.writeText('}\n');
  }

  /** A piece of a damaged region behind what its own line has. */
  moreDamage(place: LogPlace, bytes: Uint8Array): void {
    this.begin('bytes', place, place.offset, place.length);
    this.out.writeText(`,"base64":"${Buffer.from(bytes).toString('base64')}"}\n`);
  }

  private begin(type: string, place: LogPlace, offset: number, length: number): void {
    const { out } = this;
    if (place.part.path !== this.path) {
      this.path = place.part.path;
      this.file = Buffer.from(`","file":${printableJson(JSON.stringify(place.part.name))},"offset":`);
    }
    out.writeText('{"type":"');
    out.writeText(type);
    out.writeBytes(this.file);
    out.writeDecimal(offset);
    out.writeText(',"length":');
    out.writeDecimal(length);
  }

  private time(seconds: number): void {
    if (Number.isNaN(seconds)) return;
    this.out.writeText(',"time":');
    this.out.writeDecimal(seconds);
  }

  /** `bytes[start, start + length)` as a string or as base64. */
  private argument(bytes: Buffer, start: number, length: number): void {
    if (this.plainString(bytes, start, start + length)) return;
    const part = bytes.subarray(start, start + length);
    const isText = isUtf8(part);
    this.out.writeBytes(
      Buffer.from(isText ? JSON.stringify(part.toString('utf8')) : `{"base64":"${part.toString('base64')}"}`),
    );
  }

  private shortened(bytes: Buffer, start: number, length: number): void {
    const { out } = this;
    const head = bytes.subarray(start, start + shownBytes);
    out.writeText(isUtf8(head) ? '{"head":' : '{"base64":');
    const text = isUtf8(head) ? JSON.stringify(head.toString('utf8')) : `"${head.toString('base64')}"`;
    out.writeBytes(Buffer.from(text));
    out.writeText(',"length":');
    out.writeDecimal(length);
    out.writeByte(0x7d);
  }

  /** Writes a string in one go if all of its bytes are plain. */
  private plainString(source: Buffer, from: number, to: number): boolean {
    const { out } = this;
    out.reserve(to - from + 2);
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = quote;
    for (let index = from; index < to; index++) {
      const byte = source[index];
      if (plain[byte] === 0) return false;
      bytes[at++] = byte;
    }
    bytes[at++] = quote;
    out.length = at;
    return true;
  }

  private raw(bytes: Buffer, frame: CommandView, place: LogPlace): void {
    const start = place.offset - frame.base;
    this.out.writeText(`,"raw":"${bytes.toString('base64', start, start + place.length)}"`);
  }
}

/** Decimal digits of a count or length. */
function digits(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}
