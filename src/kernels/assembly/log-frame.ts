// AssemblyScript. Frames one command of a log: whole, and written as everybody writes it. What anything else is, JavaScript says
// (src/aof/log/ordinary-frame.ts, src/resp/scanner.ts).

import { argumentsAt } from './log-layout';

/**
 * What no position is: beyond any limit. A memory ends far below, and what lengths the lanes read (at most 16 MiB) may be added to it
 * without wrapping round, so that a sum with it is beyond any limit too.
 */
export const nowhere: usize = 0x80000000;
const commandHead: u32 = 0x2a;
const argumentHead: u32 = 0x24;
const lineEnd: u32 = 0x0a0d;
/** 'SELECT', and what makes letters upper case. */
const selectName: u64 = 0x5443454c4553;
const selectFold: u64 = 0xdfdfdfdfdfdf;
/** 'RREPLAY'. */
const replayName: u64 = 0x59414c50455252;
const replayFold: u64 = 0xdfdfdfdfdfdfdf;

/** Number of arguments of the command that was framed last. */
export let argc: u32 = 0;

/** Where the command at `start` ends, its arguments noted at `argumentsAt`; `nowhere` where it is not for the lane. */
export function frameCommand(start: usize, limit: usize): usize {
  const word = load<u64>(start);
  let count = ((<u32>word >> 8) - 0x30) & 0xff;
  let position = start + 4;
  if ((<u32>word & 0xff) != commandHead || count - 1 > 8) return nowhere;
  if (<u32>word >> 16 != lineEnd) {
    const second = ((<u32>word >> 16) - 0x30) & 0xff;
    if (second > 9 || (<u32>(word >> 24) & 0xffff) != lineEnd) return nowhere;
    count = count * 10 + second;
    position++;
  }
  argc = count;
  for (let slot = argumentsAt; count; count--, slot += 8) {
    const head = load<u64>(position);
    let length = ((<u32>head >> 8) - 0x30) & 0xff;
    if ((<u32>head & 0xff) != argumentHead || length > 9) return nowhere;
    if (<u32>head >> 16 == lineEnd) position += 4;
    else {
      // A zero that nobody writes: `raw` must show it.
      const second = ((<u32>head >> 16) - 0x30) & 0xff;
      if (second > 9 || length == 0) return nowhere;
      length = length * 10 + second;
      if ((<u32>(head >> 24) & 0xffff) == lineEnd) position += 5;
      else {
        position = longHeader(position + 3, length);
        if (position == nowhere) return nowhere;
        length = longLength;
      }
    }
    store<u32>(slot, <u32>position);
    store<u32>(slot, length, 4);
    position += length + 2;
    if (position > limit || <u32>load<u16>(position - 2) != lineEnd) return nowhere;
  }
  return position;
}

let longLength: u32 = 0;

/** The end of a header whose number has three to seven digits, of which two are in `head` and the others at `at`. */
function longHeader(at: usize, head: u32): usize {
  let length = head;
  let position = at;
  for (; position < at + 5; position++) {
    const digit = <u32>load<u8>(position) - 0x30;
    if (digit > 9) break;
    length = length * 10 + digit;
  }
  if (<u32>load<u16>(position) != lineEnd) return nowhere;
  longLength = length;
  return position + 2;
}

/** What the framed command selects: a database, -1 for no SELECT, -2 for one that is not for the lane. */
// @ts-ignore: decorator
@inline
export function selected(): i32 {
  const length = load<u32>(argumentsAt, 4);
  if (argc != 2 || length != 6) return length == 7 && isReplay() ? -2 : -1;
  if ((load<u64>(<usize>load<u32>(argumentsAt)) & selectFold) != selectName) return -1;
  return selectedDatabase();
}

/** RREPLAY of KeyDB carries commands, which JavaScript looks for. */
// @ts-ignore: decorator
@inline
function isReplay(): bool {
  const name = load<u64>(<usize>load<u32>(argumentsAt));
  return (name & replayFold) == replayName;
}

function selectedDatabase(): i32 {
  const at = <usize>load<u32>(argumentsAt, 8);
  const length = load<u32>(argumentsAt, 12);
  if (length - 1 > 7) return -2;
  let database: u32 = 0;
  for (let index: u32 = 0; index < length; index++) {
    const digit = <u32>load<u8>(at + index) - 0x30;
    if (digit > 9 || (index == 1 && database == 0)) return -2;
    database = database * 10 + digit;
  }
  return <i32>database;
}
