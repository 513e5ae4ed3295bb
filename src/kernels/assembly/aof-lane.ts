// AssemblyScript. The fast lane of an AOF: passes over whole, ordinary commands and stops before anything else. What a stop means
// is JavaScript's to say (src/resp/scanner.ts, src/operations/check/check-aof.ts); src/resp/fast-lane.ts writes the table.
//
//   slot of the table, 32 bytes:   name, 16 bytes, upper case, NUL-padded | u64 counts | u32 kind, 0 for a free slot | u32 name's length
//
// Bit n of `counts`: that many arguments fit, the name included; bit 63 stands for 63 and more.

import { commandsAt, commandSlots, resultAt, windowAt } from './layout';

const kindPlain: u32 = 1;
const kindMulti: u32 = 2;
const kindSelect: u32 = 4;

const commandHead: u32 = 0x2a;
const argumentHead: u32 = 0x24;
const lineEnd: u32 = 0x0a0d;
/** What no position is: past any limit. */
const nowhere: usize = 0xffffffff;

/** A number of one or two digits after the prefix at `at`, and where its line ends in the upper half; 0 for anything else. */
// @ts-ignore: decorator
@inline
function shortHeader(at: usize, prefix: u32): u64 {
  const word = load<u64>(at);
  const first = ((<u32>word >> 8) - 0x30) & 0xff;
  if ((<u32>word & 0xff) != prefix || first > 9) return 0;
  if (<u32>word >> 16 == lineEnd) return (<u64>(at + 4) << 32) | first;
  const second = ((<u32>word >> 16) - 0x30) & 0xff;
  if (second > 9 || (<u32>(word >> 24) & 0xffff) != lineEnd) return 0;
  return (<u64>(at + 5) << 32) | (first * 10 + second);
}

/** Where the argument at `at` ends, its CRLF not looked at; `nowhere` if that is no ordinary argument of less than 10^7 bytes. */
// @ts-ignore: decorator
@inline
function argumentEnd(at: usize): usize {
  const word = load<u64>(at);
  const first = ((<u32>word >> 8) - 0x30) & 0xff;
  if ((<u32>word & 0xff) != argumentHead || first > 9) return nowhere;
  if (<u32>word >> 16 == lineEnd) return at + 6 + first;
  const second = ((<u32>word >> 16) - 0x30) & 0xff;
  if (second > 9) return nowhere;
  const two = first * 10 + second;
  if ((<u32>(word >> 24) & 0xffff) == lineEnd) return at + 7 + two;
  const third = (<u32>word >> 24) - 0x30;
  if (third > 9) return nowhere;
  const three = two * 10 + third;
  if ((<u32>(word >> 32) & 0xffff) == lineEnd) return at + 8 + three;
  return longArgumentEnd(at + 4, three);
}

/** The same for a number of four to seven digits, of which three are in `head` and the others at `at`. */
function longArgumentEnd(at: usize, head: u32): usize {
  let length = head;
  let position = at;
  for (; position < at + 4; position++) {
    const digit = <u32>load<u8>(position) - 0x30;
    if (digit > 9) break;
    length = length * 10 + digit;
  }
  if (<u32>load<u16>(position) != lineEnd) return nowhere;
  return position + 4 + length;
}

/** Address of the slot of the name at `at`, or 0. */
// @ts-ignore: decorator
@inline
function slotOf(at: usize, length: usize): usize {
  if (length - 1 >= 16) return 0;
  const upper: u64 = 0xdfdfdfdfdfdfdfdf;
  let low = load<u64>(at) & upper;
  let high: u64 = 0;
  if (length < 8) low &= ((<u64>1) << (length << 3)) - 1;
  else if (length < 16) high = load<u64>(at + 8) & upper & (((<u64>1) << ((length - 8) << 3)) - 1);
  else high = load<u64>(at + 8) & upper;
  // As hashOf in src/resp/fast-lane.ts.
  let hash = <u32>low ^ <u32>(low >> 32) * 0x9e3779b1 ^ <u32>high * 0x85ebca6b ^ <u32>(high >> 32) * 0xc2b2ae35;
  hash *= 0x27d4eb2f;
  let index = hash >> 22;
  let slot = commandsAt + (<usize>index << 5);
  while (load<u32>(slot, 24) != 0) {
    if (load<u64>(slot) == low && load<u64>(slot, 8) == high) return <usize>load<u32>(slot, 28) == length ? slot : 0;
    index = (index + 1) & (commandSlots - 1);
    slot = commandsAt + (<usize>index << 5);
  }
  return 0;
}

/**
 * Passes over the commands of the window's `[from, limit)`. `open`: whether a MULTI waits for its EXEC. Returns their count.
 * Results, positions in the window, -1 for none: where the first command begins that was not passed; where the last one ended
 * outside of a transaction; how many EXEC there were; whether a MULTI is open now; if it came here, its position and how many
 * commands came before it.
 */
export function passCommands(from: usize, to: usize, open: u32): u32 {
  const limit = windowAt + to;
  let start = windowAt + from;
  let count: u32 = 0;
  let valid: usize = windowAt - 1;
  let closed: u32 = 0;
  let openAt: usize = windowAt - 1;
  let openIndex: u32 = 0;
  while (start < limit) {
    const head = shortHeader(start, commandHead);
    const nameHead = shortHeader(<usize>(head >> 32), argumentHead);
    const name = <usize>(nameHead >> 32);
    const nameLength = <usize>nameHead;
    const argc = <u32>head;
    let left = argc;
    let position = name + nameLength + 2;
    if (left == 0 || position > limit || <u32>load<u16>(position - 2) != lineEnd) break;
    const slot = slotOf(name, nameLength);
    if (slot == 0 || ((load<u64>(slot, 16) >> <u64>(argc < 63 ? argc : 63)) & 1) == 0) break;
    while (--left) {
      position = argumentEnd(position);
      if (position > limit || <u32>load<u16>(position - 2) != lineEnd) break;
    }
    if (left) break;
    const kind = load<u32>(slot, 24);
    if (kind == kindSelect) {
      // Databases of one digit, which every server has.
      const database = load<u64>(name + nameLength + 2) ^ 0x0a0d30_0a0d3124;
      if ((database & 0x00fffff0_ffffffff) != 0 || (<u32>(database >> 32) & 15) > 9) break;
    } else if (kind != kindPlain) {
      if ((kind == kindMulti) == (open != 0)) break;
      if (open) {
        open = 0;
        closed++;
        openAt = windowAt - 1;
      } else {
        open = 1;
        openAt = start;
        openIndex = count;
      }
    }
    count++;
    start = position;
    if (!open) valid = position;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, <u32>(valid - windowAt), 4);
  store<u32>(resultAt, closed, 8);
  store<u32>(resultAt, open, 12);
  store<u32>(resultAt, <u32>(openAt - windowAt), 16);
  store<u32>(resultAt, openIndex, 20);
  return count;
}
