// AssemblyScript. Keys of an RDB as objects of JSON, a line each. The bytes are those of src/keys/key-json.ts. A key that has a flaw, that is
// not UTF-8, or whose value is of another type, is left to JavaScript.
//
// The keys lie in the window; `printsAt` has where, 32 bytes each (all positions count from the window's first byte):
//
//   key u32 | its length u32 | type u32 | value u32 | its end u32 | database u32 | expiry f64, NaN for none

import { decimalAt, decimalLength, decimalText } from './decimal-text';
import { memberPrint } from './fingerprint';
import { commandsOutAt, printsAt, resultAt, windowAt } from './layout';
import { elementAt, elementLength, textElement } from './listpack-text';
import { listpackElements, listpackEnd } from './listpack-walk';
import { copyFixed, hasRoom, openText, out, setOut, text, writeByte } from './json-text';
import { laneStart, lastNumber, nowhere, numberEnd, textAt, textEnd, textLength } from './rdb-strings';
import { addMember, beginMembers, membersMax } from './unique';

export { setText } from './json-text';

/** Fixed texts, which JavaScript sets: src/kernels/json-kernel.ts. */
const startText: u32 = 0;
const endText: u32 = 1;
const keyText: u32 = 2;
const expiryText: u32 = 3;
const valueText: u32 = 4;
const stringInt: u32 = 5;
const stringEmbedded: u32 = 6;
const stringRaw: u32 = 7;
const hashPacked: u32 = 8;
const setPacked: u32 = 9;
const hashTable: u32 = 10;
const setTable: u32 = 11;
const listNodes: u32 = 12;

/** The longest string of the encoding `embstr` (src/keys/encoding.ts). */
const embeddedMax: usize = 44;
/** Digits of a count at most. */
const digitsMax: usize = 20;

let place: usize = 0;
let limit: usize = 0;

/**
 * Writes the keys `[from, to)` to `commandsOutAt`, until one is not for it or the room ends. Returns the first key that was not written.
 * Results: how many bytes were written.
 */
export function writeKeys(from: u32, to: u32, windowTo: usize): u32 {
  limit = windowAt + windowTo;
  laneStart(limit, true);
  setOut(commandsOutAt);
  let index = from;
  for (; index < to; index++) {
    const before = out;
    place = printsAt + (<usize>index << 5);
    if (!writeKey()) {
      setOut(before);
      break;
    }
  }
  store<u32>(resultAt, <u32>(out - commandsOutAt));
  return index;
}

/** The first integer of which not every one is a double, and the text of JavaScript has other digits. */
const exactMax: f64 = 9007199254740992;

function writeKey(): bool {
  if (abs(load<f64>(place, 24)) >= exactMax) return false;
  const valueAt = windowAt + load<u32>(place, 12);
  const end = windowAt + load<u32>(place, 16);
  const type = load<u32>(place, 8);
  if (type == 0) return string(valueAt, end);
  if (type == 16) return packed(hashPacked, 2, valueAt, end);
  if (type == 20) return packed(setPacked, 1, valueAt, end);
  if (type == 4) return strings(hashTable, 2, valueAt, end);
  if (type == 2) return strings(setTable, 1, valueAt, end);
  return type == 18 && list(valueAt, end);
}

/** Everything up to the number of elements. */
function head(encoding: u32): bool {
  if (!hasRoom(0)) return false;
  copyFixed(startText);
  number(<i64>load<u32>(place, 20));
  copyFixed(keyText);
  if (!text(windowAt + load<u32>(place), load<u32>(place, 4))) return false;
  copyFixed(encoding);
  return true;
}

function beforeValue(): void {
  const expiry = load<f64>(place, 24);
  if (expiry == expiry) {
    copyFixed(expiryText);
    number(<i64>expiry);
  }
  copyFixed(valueText);
}

function number(value: i64): void {
  decimalText(value);
  memory.copy(out, decimalAt, decimalLength);
  setOut(out + decimalLength);
}

function string(from: usize, end: usize): bool {
  const first = <u32>load<u8>(from);
  if (textEnd(from) != end) return false;
  const isInteger = first >= 0xc0 && first < 0xc3;
  if (!head(isInteger ? stringInt : textLength <= embeddedMax ? stringEmbedded : stringRaw)) return false;
  number(<i64>textLength);
  beforeValue();
  if (!text(textAt, textLength)) return false;
  copyFixed(endText);
  return true;
}

/** A listpack in a string, `size` of its elements a member. */
function packed(encoding: u32, size: u32, from: usize, end: usize): bool {
  if (textEnd(from) != end || end > limit) return false;
  let left = listpackElements(textAt, textLength);
  if (left == 0 || left % size != 0) return false;
  left /= size;
  if (left > membersMax) return false;
  const last = listpackEnd();
  let at = textAt + 6;
  beginMembers(left);
  if (!head(encoding)) return false;
  number(<i64>left);
  beforeValue();
  writeByte(size == 2 ? 0x7b : 0x5b);
  for (; left > 0; left--) {
    at = textElement(at, last);
    if (at == nowhere || !addMember(memberPrint(elementAt, elementLength)) || !text(elementAt, elementLength)) return false;
    if (size == 2) {
      writeByte(0x3a);
      at = textElement(at, last);
      if (at == nowhere || !text(elementAt, elementLength)) return false;
    }
    if (left > 1) writeByte(0x2c);
  }
  writeByte(size == 2 ? 0x7d : 0x5d);
  copyFixed(endText);
  return at == last;
}

/** `count × size` strings. */
function strings(encoding: u32, size: u32, from: usize, end: usize): bool {
  let at = numberEnd(from);
  let left = lastNumber();
  if (at > end || left == 0 || left > membersMax) return false;
  beginMembers(left);
  if (!head(encoding)) return false;
  number(<i64>left);
  beforeValue();
  writeByte(size == 2 ? 0x7b : 0x5b);
  for (; left > 0; left--) {
    at = textEnd(at);
    if (at > end || !addMember(memberPrint(textAt, textLength)) || !text(textAt, textLength)) return false;
    if (size == 2) {
      writeByte(0x3a);
      at = textEnd(at);
      if (at > end || !text(textAt, textLength)) return false;
    }
    if (left > 1) writeByte(0x2c);
  }
  writeByte(size == 2 ? 0x7d : 0x5d);
  copyFixed(endText);
  return at == end;
}

/** A list of nodes: how many elements it has is known behind them, so that what follows the number is moved. */
function list(from: usize, end: usize): bool {
  let at = numberEnd(from);
  let nodes = lastNumber();
  if (at > end || nodes == 0 || !head(listNodes)) return false;
  const countAt = out;
  setOut(out + digitsMax);
  beforeValue();
  writeByte(0x5b);
  let count: u32 = 0;
  for (; nodes > 0; nodes--) {
    if (at >= end) return false;
    const container = <u32>load<u8>(at);
    at = textEnd(at + 1);
    if (at > end) return false;
    if (container == 1) {
      if (!openText(count++) || !text(textAt, textLength)) return false;
    } else {
      if (container != 2) return false;
      let left = listpackElements(textAt, textLength);
      const last = listpackEnd();
      let element = textAt + 6;
      if (left == 0) return false;
      for (; left > 0; left--) {
        element = textElement(element, last);
        if (element == nowhere || !openText(count++) || !text(elementAt, elementLength)) return false;
      }
      if (element != last) return false;
    }
  }
  writeByte(0x5d);
  copyFixed(endText);
  decimalText(<i64>count);
  memory.copy(countAt, decimalAt, decimalLength);
  memory.copy(countAt + decimalLength, countAt + digitsMax, out - countAt - digitsMax);
  setOut(out - digitsMax + decimalLength);
  return at == end;
}
