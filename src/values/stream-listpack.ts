/**
 * The listpack elements of a stream's nodes: how one is appended, measured, skipped and read.
 *
 *   element := encoding+data, backlen
 *
 *   0xxxxxxx            0..127                      11110000 u32 LE    string
 *   10nnnnnn            string of n bytes           11110001 i16 LE
 *   110xxxxx x          13-bit signed               11110010 i24 LE
 *   1110nnnn n          string of 12-bit length     11110011 i32 LE
 *                                                   11110100 i64 LE
 *
 * backlen: length of encoding+data in 7-bit groups, most significant first, every byte but the leftmost with bit 7 set.
 * A string that is the canonical text of an int64 is stored as that integer.
 */

/** Most bytes that an element can need beyond its string: a long header and the longest backlen. */
export const elementOverheadMax = 10;

/** Bytes of the backlen of an entry of `length` bytes (Redis 5.0 to 8.6; see `elementLength` for the other rule). */
function backlenLength(length: number): number {
  if (length <= 127) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  return length < 268435455 ? 4 : 5;
}

/** Writes the backlen of an entry of `length` bytes, returns the position after it. */
function writeBacklen(target: Uint8Array, position: number, length: number): number {
  const width = backlenLength(length);
  for (let i = width - 1; i >= 0; i--) {
    const group = Math.floor(length / 2 ** (7 * i)) & 127;
    target[position++] = i === width - 1 ? group : group | 128;
  }
  return position;
}

/** Bytes that the integer needs as an element, its backlen included. */
export function integerLength(value: number): number {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= -32768 && value <= 32767) return 4;
  if (value >= -8388608 && value <= 8388607) return 5;
  return value >= -2147483648 && value <= 2147483647 ? 6 : 10;
}

/** Writes a signed integer of at most 53 bits as an element, returns the position after it. */
export function writeInteger(target: Buffer, position: number, value: number): number {
  if (value >= 0 && value <= 127) {
    target[position] = value;
    target[position + 1] = 1;
    return position + 2;
  }
  const start = position;
  if (value >= -4096 && value <= 4095) {
    target[position++] = 0xc0 | ((value >> 8) & 0x1f);
    target[position++] = value & 0xff;
  } else if (value >= -32768 && value <= 32767) {
    target[position++] = 0xf1;
    position = target.writeInt16LE(value, position);
  } else if (value >= -8388608 && value <= 8388607) {
    target[position++] = 0xf2;
    position = target.writeIntLE(value, position, 3);
  } else if (value >= -2147483648 && value <= 2147483647) {
    target[position++] = 0xf3;
    position = target.writeInt32LE(value, position);
  } else {
    target[position++] = 0xf4;
    position = target.writeBigInt64LE(BigInt(value), position);
  }
  return writeBacklen(target, position, position - start);
}

/** Writes a 64-bit integer as an element, returns the position after it. */
export function writeBigInteger(target: Buffer, position: number, value: bigint): number {
  if (value >= -9007199254740991n && value <= 9007199254740991n) return writeInteger(target, position, Number(value));
  target[position] = 0xf4;
  target.writeBigInt64LE(value, position + 1);
  target[position + 9] = 9;
  return position + 10;
}

/** Writes the bytes as an element: an integer where they are one's canonical text. Returns the position after it. */
export function writeString(target: Buffer, position: number, bytes: Buffer, start: number, length: number): number {
  if (length <= 20 && length > 0) {
    if (length <= 15) {
      const value = canonicalInteger(bytes, start, length);
      if (!Number.isNaN(value)) return writeInteger(target, position, value);
    } else {
      const value = canonicalBigInteger(bytes, start, length);
      if (value !== undefined) return writeBigInteger(target, position, value);
    }
  }
  const entry = position;
  if (length < 64) target[position++] = 0x80 | length;
  else if (length < 4096) {
    target[position++] = 0xe0 | (length >> 8);
    target[position++] = length & 0xff;
  } else {
    target[position++] = 0xf0;
    position = target.writeUInt32LE(length, position);
  }
  if (length < 24) for (let i = 0; i < length; i++) target[position + i] = bytes[start + i];
  else bytes.copy(target, position, start, start + length);
  position += length;
  return writeBacklen(target, position, position - entry);
}

/** The integer whose canonical text (at most 15 characters) the bytes are, else NaN. */
function canonicalInteger(bytes: Buffer, start: number, length: number): number {
  let index = start;
  const end = start + length;
  const negative = bytes[index] === 45;
  if (negative) index++;
  const first = bytes[index] - 48;
  if (index === end || first < 0 || first > 9) return Number.NaN;
  if (first === 0) return length === 1 ? 0 : Number.NaN;
  let value = 0;
  for (; index < end; index++) {
    const digit = bytes[index] - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

function canonicalBigInteger(bytes: Buffer, start: number, length: number): bigint | undefined {
  const first = bytes[start];
  if (first !== 45 && (first < 49 || first > 57)) return undefined;
  const text = bytes.latin1Slice(start, start + length);
  if (!/^-?[1-9][0-9]*$/.test(text)) return undefined;
  const value = BigInt(text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

/** Bytes of encoding and data of the element at `position`; 0 where no element can start with this byte. */
export function entryLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position];
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 2 + (((first & 0x0f) << 8) | bytes[position + 1]);
  if (first === 0xf0) {
    const high = bytes[position + 4] * 0x1000000;
    return 5 + bytes[position + 1] + (bytes[position + 2] << 8) + (bytes[position + 3] << 16) + high;
  }
  return first === 0xf1 ? 3 : first === 0xf2 ? 4 : first === 0xf3 ? 5 : first === 0xf4 ? 9 : 0;
}

/**
 * Bytes of the whole element at `position`. Entries of exactly 16383, 2097151 or 268435455 bytes have a backlen one byte
 * shorter in Valkey 9 and in Redis after 8.6: which of the two is there shows in its leftmost byte.
 */
export function elementLength(bytes: Uint8Array, position: number): number {
  const length = entryLength(bytes, position);
  if (length <= 127) return length + 1;
  const width = backlenLength(length);
  if (length === 16383 || length === 2097151 || length === 268435455) {
    if (bytes[position + length] === 127) return length + width - 1;
  }
  return length + width;
}

/** The integer at `position` where it is a number of at most 53 bits; a bigint where not; NaN where a string is there. */
export function readInteger(bytes: Buffer, position: number): number | bigint {
  const first = bytes[position];
  if (first < 0x80) return first;
  if (first < 0xc0) return Number.NaN;
  if (first < 0xe0) return ((((first & 0x1f) << 8) | bytes[position + 1]) << 19) >> 19;
  if (first === 0xf1) return bytes.readInt16LE(position + 1);
  if (first === 0xf2) return bytes.readIntLE(position + 1, 3);
  if (first === 0xf3) return bytes.readInt32LE(position + 1);
  if (first !== 0xf4) return Number.NaN;
  const value = bytes.readBigInt64LE(position + 1);
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** The element at `position` as a binary string, an integer as its decimal text. */
export function readString(bytes: Buffer, position: number): string {
  const first = bytes[position];
  if (first < 0x80) return String(first);
  if (first < 0xc0) return bytes.latin1Slice(position + 1, position + 1 + (first & 0x3f));
  if (first >= 0xe0 && first <= 0xf0) {
    const header = first === 0xf0 ? 5 : 2;
    return bytes.latin1Slice(position + header, position + entryLength(bytes, position));
  }
  return String(readInteger(bytes, position));
}
