// AssemblyScript. The fast lane of an AOF: passes over whole, ordinary commands and stops before anything else. What a stop means
// is JavaScript's to say (src/resp/scanner.ts, src/checks/check-aof.ts); src/resp/command-batch.ts writes the table of
// commands, whose own part is `counts`: bit n: that many arguments fit, the name included; bit 63 stands for 63 and more. Its kind is in the
// lowest byte of the slot's last word but one; above it, for commands of which only forms that were seen before may pass: with how many
// arguments all may, where the words of a form begin, and whether they end before an ID of a stream entry.

import { slotOf } from './command-table';
import { commandsAt, formsAt, resultAt, windowAt } from './layout';
import { argumentBody, argumentEnd, argumentHead, commandHead, lineEnd, shortHeader } from './resp-numbers';

const kindPlain: u32 = 1;
const kindMulti: u32 = 2;
const kindSelect: u32 = 4;

/**
 * Passes over the commands of the window's `[from, limit)`. `open`: whether a MULTI waits for its EXEC. Returns their count.
 * Results, positions in the window, -1 for none: where the first command begins that was not passed; where the last one ended
 * outside of a transaction; how many EXEC there were; whether a MULTI is open now; if it came here, its position and how many
 * commands came before it; the form at which it stopped since it was not seen before, eight bytes, 0 for none;
 * the database that the last SELECT chose, -1 for none.
 */
export function passCommands(from: usize, to: usize, open: u32): u32 {
  const limit = windowAt + to;
  let start = windowAt + from;
  let count: u32 = 0;
  let valid: usize = windowAt - 1;
  let closed: u32 = 0;
  let openAt: usize = windowAt - 1;
  let openIndex: u32 = 0;
  let selected: u32 = 0xffffffff;
  store<u64>(resultAt, 0, 24);
  while (start < limit) {
    const head = shortHeader(start, commandHead);
    const nameHead = shortHeader(<usize>(head >> 32), argumentHead);
    const name = <usize>(nameHead >> 32);
    const nameLength = <usize>nameHead;
    const argc = <u32>head;
    let left = argc;
    let position = name + nameLength + 2;
    if (left == 0 || position > limit || <u32>load<u16>(position - 2) != lineEnd) break;
    const slot = slotOf(commandsAt, name, nameLength);
    if (slot == 0 || ((load<u64>(slot, 16) >> <u64>(argc < 63 ? argc : 63)) & 1) == 0) break;
    while (--left) {
      position = argumentEnd(position);
      if (position > limit || <u32>load<u16>(position - 2) != lineEnd) break;
    }
    if (left) break;
    const kinds = load<u32>(slot, 24);
    if (kinds > 0xff && argc > ((kinds >> 8) & 0xff)) {
      const form = formOf(kinds, argc, name + nameLength + 2, <u32>(slot - commandsAt));
      if (!isSeen(form)) {
        store<u64>(resultAt, form, 24);
        break;
      }
    }
    const kind = kinds & 0xff;
    if (kind == kindSelect) {
      // Databases of one digit, which every server has.
      const database = load<u64>(name + nameLength + 2) ^ 0x0a0d30_0a0d3124;
      if ((database & 0x00fffff0_ffffffff) != 0 || (<u32>(database >> 32) & 15) > 9) break;
      selected = <u32>(database >> 32) & 15;
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
  store<u32>(resultAt, selected, 32);
  return count;
}

export const formSlots: u32 = 8192;
const mixer: u64 = 0x9e3779b97f4a7c15;
const upper: u64 = 0xdfdfdfdfdfdfdfdf;

/**
 * A number for the form of a command: its name and its words, by place and in upper case. Numbers and what is longer than 16 bytes stand for any. Never 0.
 */
function formOf(kinds: u32, argc: u32, at: usize, name: u32): u64 {
  const first = (kinds >> 16) & 0xff;
  const endsAtId = kinds >> 24 != 0;
  let position = at;
  let form: u64 = mix(<u64>name + 1, argc);
  for (let index: u32 = 1; index < argc; index++) {
    if (index < first) {
      position = argumentEnd(position);
      continue;
    }
    const body = argumentBody(position);
    const start = <usize>(body >> 32);
    const length = <usize>(<u32>body);
    position = start + length + 2;
    if (endsAtId && isEntryId(start, length)) break;
    if (length - 1 >= 16 || <u32>load<u8>(start) - 0x30 <= 9) {
      form = mix(form, 1);
      continue;
    }
    let low = load<u64>(start) & upper;
    let high: u64 = 0;
    if (length < 8) low &= ((<u64>1) << (length << 3)) - 1;
    else if (length > 8) high = load<u64>(start + length - 8) & upper;
    form = mix(mix(form, low), high ^ <u64>length);
  }
  return form | 1;
}

// @ts-ignore: decorator
@inline
function mix(form: u64, word: u64): u64 {
  const mixed = (form ^ word) * mixer;
  return mixed ^ (mixed >> 29);
}

/** An ID has a `-` or is `*`. */
function isEntryId(start: usize, length: usize): bool {
  if (length > 41) return false;
  for (let at = start; at < start + length; at++) {
    const byte = load<u8>(at);
    if (byte == 0x2d || byte == 0x2a) return true;
  }
  return false;
}

function isSeen(form: u64): bool {
  let index = (<u32>form >> 1) & (formSlots - 1);
  let there = load<u64>(formsAt + (<usize>index << 3));
  while (there != form && there != 0) {
    index = (index + 1) & (formSlots - 1);
    there = load<u64>(formsAt + (<usize>index << 3));
  }
  return there == form;
}
