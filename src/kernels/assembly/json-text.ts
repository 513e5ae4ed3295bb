// AssemblyScript. Texts of JSON, as src/keys/json-bytes.ts writes them, to `commandsOutAt`. Copies may run over their end by up to 15 bytes.

import { commandsEnd, commandsOutAt, jsonTextsAt } from './layout';

/** What stands beside the texts of a key at most, fixed texts included. */
const besideMax: usize = 8192;

/** Where the next byte goes. */
export let out: usize = commandsOutAt;

export function setOut(at: usize): void {
  out = at;
}

// @ts-ignore: decorator
@inline
export function writeByte(byte: u8): void {
  store<u8>(out++, byte);
}

/** Fixed texts: where each lies and how long it is, then their bytes. JavaScript puts them there. */
export function setText(id: u32, at: usize, length: u32): void {
  store<u32>(jsonTextsAt + (<usize>id << 3), <u32>(jsonTextsAt + at));
  store<u32>(jsonTextsAt + (<usize>id << 3), length, 4);
}

export function copyFixed(id: u32): void {
  const at = <usize>load<u32>(jsonTextsAt + (<usize>id << 3));
  const length = <usize>load<u32>(jsonTextsAt + (<usize>id << 3), 4);
  for (let done: usize = 0; done < length; done += 16) v128.store(out + done, v128.load(at + done));
  out += length;
}

/** Whether a text of so many bytes fits, whatever they are. */
// @ts-ignore: decorator
@inline
export function hasRoom(length: usize): bool {
  return length * 6 + besideMax < commandsEnd - out;
}

/** A comma before every element but the first; false where there is no room. */
// @ts-ignore: decorator
@inline
export function openText(index: u32): bool {
  if (!hasRoom(0)) return false;
  if (index > 0) store<u8>(out++, 0x2c);
  return true;
}

/** Writes a text with its quotes; false where it is not UTF-8, or does not fit. */
export function text(from: usize, length: usize): bool {
  if (!hasRoom(length)) return false;
  store<u8>(out++, 0x22);
  let at = from;
  const end = from + length;
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    // Below 0x20, or 0x80 and above: that is below zero.
    const special = v128.or(
      v128.lt<i8>(bytes, i8x16.splat(0x20)),
      v128.or(v128.eq<i8>(bytes, i8x16.splat(0x22)), v128.eq<i8>(bytes, i8x16.splat(0x5c))),
    );
    const left = end - at;
    let mask = <u32>v128.bitmask<i8>(special);
    if (left < 16) mask &= (1 << <u32>left) - 1;
    if (mask == 0) {
      const count = min<usize>(left, 16);
      at += count;
      out += count;
      continue;
    }
    const plain = <usize>ctz(mask);
    at += plain;
    out += plain;
    const byte = <u32>load<u8>(at);
    if (byte < 0x80) {
      escape(byte);
      at++;
    } else {
      at = characters(at, end);
      if (at == 0) return false;
    }
  }
  store<u8>(out++, 0x22);
  return true;
}

function escape(byte: u32): void {
  store<u8>(out, 0x5c);
  let letter: u8 = 0;
  if (byte == 0x22 || byte == 0x5c) letter = <u8>byte;
  else if (byte == 10) letter = 0x6e;
  else if (byte == 13) letter = 0x72;
  else if (byte == 9) letter = 0x74;
  else if (byte == 8) letter = 0x62;
  else if (byte == 12) letter = 0x66;
  if (letter != 0) {
    store<u8>(out, letter, 1);
    out += 2;
    return;
  }
  // u00
  store<u8>(out, 0x75, 1);
  store<u16>(out, 0x3030, 2);
  store<u8>(out, <u8>(0x30 + (byte >> 4)), 4);
  const low = byte & 15;
  store<u8>(out, <u8>(low < 10 ? 0x30 + low : 0x57 + low), 5);
  out += 6;
}

// @ts-ignore: decorator
@inline
function follows(at: usize): bool {
  return (load<u8>(at) & 0xc0) == 0x80;
}

/** Copies characters that are not ASCII; where the first other byte is, 0 where they are not UTF-8 (Unicode 15, table 3-7). */
function characters(from: usize, end: usize): usize {
  let at = from;
  while (at < end) {
    const first = <u32>load<u8>(at);
    if (first < 0x80) break;
    const left = end - at;
    if (first < 0xe0) {
      if (first < 0xc2 || left < 2 || !follows(at + 1)) return 0;
      store<u16>(out, load<u16>(at));
      out += 2;
      at += 2;
    } else if (first < 0xf0) {
      if (left < 3 || !follows(at + 1) || !follows(at + 2)) return 0;
      const second = <u32>load<u8>(at, 1);
      if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
      store<u32>(out, load<u32>(at));
      out += 3;
      at += 3;
    } else {
      if (first > 0xf4 || left < 4 || !follows(at + 1) || !follows(at + 2) || !follows(at + 3)) return 0;
      const second = <u32>load<u8>(at, 1);
      if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
      store<u32>(out, load<u32>(at));
      out += 4;
      at += 4;
    }
  }
  return at;
}
