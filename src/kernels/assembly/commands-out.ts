// AssemblyScript. Commands as src/resp/writer.ts writes them, to `commandsOutAt`. Copies may run over their end by up to 15 bytes.

import { commandsEnd, commandsOutAt } from './layout';

/** What a command's heads take beside its bytes, and how far a copy may run over. */
const headsMax: usize = 128;

/** Where the next byte goes. */
export let out: usize = commandsOutAt;
/** Name of the key that is written. */
let keyAt: usize = 0;
let keyLength: usize = 0;

export function setOut(at: usize): void {
  out = at;
}

export function setKey(at: usize, length: usize): void {
  keyAt = at;
  keyLength = length;
}

/** Whether an argument of so many bytes fits. */
// @ts-ignore: decorator
@inline
export function hasRoom(bytes: usize): bool {
  return bytes + headsMax < commandsEnd - out && bytes < commandsEnd - commandsOutAt;
}

/** `HMSET` and the like: the five bytes, or four, of a name as they lie in memory. */
export const hmset: u64 = 0x5445534d48;
export const rpush: u64 = 0x4853555052;
export const sadd: u64 = 0x44444153;
export const zadd: u64 = 0x4444415a;

/** Begins a command with `items` arguments behind the key; false where it does not fit. */
export function begin(name: u64, items: u32): bool {
  if (!hasRoom(keyLength)) return false;
  head(0x2a, items + 2);
  if (name >> 32) {
    // $5 CRLF
    store<u32>(out, 0x0a0d3524);
    store<u64>(out, name | 0x0a0d0000000000, 4);
    out += 11;
  } else {
    store<u32>(out, 0x0a0d3424);
    store<u64>(out, name | 0x0a0d00000000, 4);
    out += 10;
  }
  bulk(keyAt, keyLength);
  return true;
}

/** `SET key bytes`; false where it does not fit. */
export function set(from: usize, length: usize): bool {
  if (!hasRoom(keyLength + length)) return false;
  head(0x2a, 3);
  // $3 CRLF SET CRLF
  store<u64>(out, 0x0d5445530a0d3324);
  store<u8>(out + 8, 0x0a);
  out += 9;
  bulk(keyAt, keyLength);
  bulk(from, length);
  return true;
}

/** `PEXPIREAT key moment`; false where it does not fit. */
export function expireAt(moment: i64): bool {
  if (!hasRoom(keyLength)) return false;
  head(0x2a, 3);
  // $9 CRLF PEXPIREAT CRLF
  store<u32>(out, 0x0a0d3924);
  store<u64>(out, 0x4145524950584550, 4);
  store<u8>(out, 0x54, 12);
  store<u16>(out, 0x0a0d, 13);
  out += 15;
  bulk(keyAt, keyLength);
  number(moment);
  return true;
}

/** `*count CRLF` or `$length CRLF`. */
// @ts-ignore: decorator
@inline
export function head(mark: u8, count: u32): void {
  store<u8>(out++, mark);
  if (count < 10) store<u8>(out++, <u8>(48 + count));
  else if (count < 100) {
    store<u8>(out, <u8>(48 + count / 10));
    store<u8>(out, <u8>(48 + (count % 10)), 1);
    out += 2;
  } else decimal(<u64>count);
  store<u16>(out, 0x0a0d);
  out += 2;
}

/** `$length CRLF bytes CRLF`. */
// @ts-ignore: decorator
@inline
export function bulk(from: usize, length: usize): void {
  head(0x24, <u32>length);
  if (length <= 64) {
    for (let done: usize = 0; done < length; done += 16) v128.store(out + done, v128.load(from + done));
  } else memory.copy(out, from, length);
  out += length;
  store<u16>(out, 0x0a0d);
  out += 2;
}

/** An integer as an argument. */
export function number(value: i64): void {
  const isNegative = value < 0;
  const size = isNegative ? <u64>-value : <u64>value;
  let digits: u32 = 1;
  for (let rest = size; rest >= 10; rest /= 10) digits++;
  head(0x24, digits + (isNegative ? 1 : 0));
  if (isNegative) store<u8>(out++, 0x2d);
  decimal(size);
  store<u16>(out, 0x0a0d);
  out += 2;
}

function decimal(value: u64): void {
  let digits: usize = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  let at = out + digits;
  out = at;
  do {
    store<u8>(--at, <u8>(48 + (value % 10)));
    value /= 10;
  } while (value);
}
