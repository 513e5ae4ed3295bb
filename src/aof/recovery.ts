/**
 * Turns a file that is an RDB or a log in another form into what it was. Where the result has a checksum, that proves it; where there is
 * none, the result is only what these bytes read as.
 */
import fs from 'node:fs';
import { crc64 } from '../checksum/crc64.ts';
import { blobBytesMax } from '../limits.ts';
import { checksumVersionMin, Opcode, valkeyVersionMin } from '../rdb/opcodes.ts';
import { valueType } from '../rdb/value-types.ts';
import { splitWords } from '../words.ts';
import { syncHeader, type WrapperKind } from './foreign.ts';

/** What a file was, and how sure that is. */
export interface Recovered {
  /** Bytes of the file that do not belong to it, from and to; or all of it anew. */
  readonly drops?: readonly (readonly [from: number, to: number])[];
  readonly bytes?: Buffer;
  readonly format: 'rdb' | 'aof';
  readonly proof: string;
}

/** A file that cannot be turned into anything, and why. */
export class NotRecoverable extends Error {}

/** Files that are rebuilt in memory are at most so long. */
const recoveredBytesMax = 512 * 1024 * 1024;

const byChecksum = 'the checksum that it carries is compared';

/** Reads `[offset, offset + length)` of the file. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** The file of this size without its wrapper. `key`: the name for a value that comes without one. Throws NotRecoverable. */
export function recover(wrapper: WrapperKind, size: number, read: ReadAt, key: string): Recovered {
  if (wrapper === 'sync') return withoutSync(size, read);
  if (size > recoveredBytesMax) throw new NotRecoverable(`a file of more than ${recoveredBytesMax} bytes`);
  const bytes = Buffer.from(read(0, size));
  const format = 'aof';
  if (wrapper === 'lf-only')
    return { bytes: framed(bytes), format, proof: 'every length fits; a log has no checksum that would prove more' };
  if (wrapper === 'text-copy')
    return { bytes: withoutCarriageReturns(bytes), format, proof: 'a log has no checksum that would prove it' };
  if (wrapper === 'inline')
    return { bytes: fromLines(bytes), format, proof: 'typed text has no checksum that would prove it' };
  return { bytes: rdbOfPayload(bytes, key), format: 'rdb', proof: 'the checksum of the DUMP payload fits' };
}

function withoutSync(size: number, read: ReadAt): Recovered {
  const { length, rdbLength, mark } = syncHeader(read(0, Math.min(size, 4096)));
  const drops: (readonly [number, number])[] = [[0, length]];
  if (mark !== '') {
    const at = findMark(Buffer.from(mark), length, size, read);
    if (at < 0)
      throw new NotRecoverable(`the mark at the end of the RDB (${mark}) does not come: the capture is cut off`);
    drops.push([at, at + mark.length]);
  } else if (rdbLength > size - length) {
    throw new NotRecoverable(
      `an RDB of ${rdbLength} bytes is announced, ${size - length} are there: the capture is cut off`,
    );
  }
  return { drops, format: 'rdb', proof: byChecksum };
}

const searchBytes = 1 << 18;

function findMark(mark: Buffer, from: number, size: number, read: ReadAt): number {
  for (let at = from; at < size; at += searchBytes - mark.length) {
    const found = read(at, Math.min(searchBytes, size - at)).indexOf(mark);
    if (found >= 0) return at + found;
    if (at + searchBytes >= size) break;
  }
  return -1;
}

/** Without the CR of each CRLF. */
function withoutCarriageReturns(bytes: Buffer): Buffer {
  const result = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let position = 0; position < bytes.length; position++) {
    if (bytes[position] === 0x0d && bytes[position + 1] === 0x0a) continue;
    result[length++] = bytes[position];
  }
  return result.subarray(0, length);
}

/**
 * The RDB that a file was before a copy in text mode turned every LF into CRLF; undefined where its checksum does not prove that. Such a file
 * has no LF without a CR before it.
 */
export function rdbBeforeTextCopy(size: number, read: ReadAt): Buffer | undefined {
  if (size > recoveredBytesMax) return undefined;
  let any = false;
  let last = 0;
  for (let from = 0; from < size; from += searchBytes) {
    const chunk = read(from, Math.min(searchBytes, size - from));
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) {
      if ((at > 0 ? chunk[at - 1] : last) !== 0x0d) return undefined;
      any = true;
    }
    last = chunk[chunk.length - 1];
  }
  if (!any) return undefined;
  const bytes = withoutCarriageReturns(Buffer.from(read(0, size)));
  const version = Number(/^(?:REDIS|VALKEY)(\d+)/.exec(bytes.latin1Slice(0, 9))?.[1] ?? 0);
  if (version < checksumVersionMin || bytes.length < 18 || bytes[bytes.length - 9] !== Opcode.eof) return undefined;
  return bytes.readBigUInt64LE(bytes.length - 8) === crc64(bytes, 0, bytes.length - 8) ? bytes : undefined;
}

/** What the file at `path` was, where only all of it tells; undefined where nothing does. */
export function otherFormOf(path: string): string | undefined {
  const descriptor = fs.openSync(path, 'r');
  try {
    const { size } = fs.fstatSync(descriptor);
    const read = (offset: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, offset));
    };
    if (size === 0) return undefined;
    if (mayBeginPayload(read(0, 1)[0]) && size <= blobBytesMax && isDumpPayload(read(0, size))) return payloadText;
    return rdbBeforeTextCopy(size, read) === undefined ? undefined : textCopyText;
  } finally {
    fs.closeSync(descriptor);
  }
}

export const payloadText = 'the payload of a DUMP, a value without a key';
export const textCopyText = 'an RDB that was copied in text mode: every LF became CRLF';

const footerBytes = 10;

/** Whether bytes are the payload of a DUMP: `type value`, a version, and the checksum of all that. */
export function isDumpPayload(bytes: Buffer): boolean {
  if (bytes.length < footerBytes + 2) return false;
  const version = bytes.readUInt16LE(bytes.length - footerBytes);
  if (version === 0 || version > 999) return false;
  const sum = bytes.readBigUInt64LE(bytes.length - 8);
  return sum !== 0n && sum === crc64(bytes, 0, bytes.length - 8);
}

/** The first byte of what may be a payload: a value type, or what stands before one. */
export const mayBeginPayload = (first: number): boolean => first < 64 || first === 0xf1 || first === Opcode.keyMeta;

/** An RDB with the one key whose value a payload holds. */
function rdbOfPayload(payload: Buffer, key: string): Buffer {
  const version = payload.readUInt16LE(payload.length - footerBytes);
  const isValkey = version >= valkeyVersionMin;
  if (valueType(payload[0], { fork: isValkey ? 'valkey' : 'redis', version }) === undefined) {
    throw new NotRecoverable(`a payload of the value type ${payload[0]}, which is not known to this build of aofkit`);
  }
  const digits = String(version);
  const magic = isValkey ? `VALKEY${digits.padStart(3, '0')}` : `REDIS${digits.padStart(4, '0')}`;
  const name = Buffer.from(key, 'latin1');
  const length = Buffer.alloc(5, 0x80);
  length.writeUInt32BE(name.length, 1);
  const head = Buffer.concat([Buffer.from(magic), Buffer.of(Opcode.selectDb, 0, payload[0]), length, name]);
  const body = Buffer.concat([head, payload.subarray(1, -footerBytes), Buffer.of(Opcode.eof)]);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc64(body));
  return Buffer.concat([body, sum]);
}

/** Commands of RESP whose lines end in LF, or in either, with CRLF. */
function framed(bytes: Buffer): Buffer {
  const out: Buffer[] = [];
  let position = 0;
  const number = (mark: string): number => {
    const end = bytes.indexOf(0x0a, position);
    const line = end < 0 ? '' : bytes.latin1Slice(position, Math.min(end, position + 24)).replace(/\r$/, '');
    if (!new RegExp(`^\\${mark}\\d{1,10}$`).test(line)) {
      throw new NotRecoverable(`no line of ${mark} and a number stands at offset ${position}`);
    }
    position = end + 1;
    return Number(line.slice(1));
  };
  while (position < bytes.length) {
    const count = number('*');
    out.push(Buffer.from(`*${count}\r\n`));
    for (let index = 0; index < count; index++) {
      const length = number('$');
      const value = bytes.subarray(position, position + length);
      position += length;
      if (bytes[position] === 0x0d && bytes[position + 1] === 0x0a) position++;
      if (bytes[position] !== 0x0a)
        throw new NotRecoverable(`no end of a line follows the argument that ends at offset ${position}`);
      position++;
      out.push(Buffer.from(`$${length}\r\n`), value, Buffer.from('\r\n'));
    }
  }
  return Buffer.concat(out);
}

/** Typed commands, one a line, split as a server splits them, as RESP. */
function fromLines(bytes: Buffer): Buffer {
  const out: Buffer[] = [];
  let number = 0;
  for (const line of bytes.latin1Slice().split('\n')) {
    number++;
    const text = line.replace(/\r$/, '');
    if (text.trim() === '') continue;
    const words = splitWords(text);
    if (words === undefined) throw new NotRecoverable(`the quotes of line ${number} do not match`);
    const frames = words.map((word) => `$${word.length}\r\n${word}\r\n`);
    out.push(Buffer.from(`*${words.length}\r\n${frames.join('')}`, 'latin1'));
  }
  return Buffer.concat(out);
}
