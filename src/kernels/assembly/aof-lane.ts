// AssemblyScript. The fast lane of an AOF: passes over whole, ordinary commands and stops before anything else. What a stop means
// is JavaScript's to say (src/resp/scanner.ts, src/checks/check-aof.ts); src/resp/command-batch.ts writes the table of
// commands, whose own part is `counts`: bit n: that many arguments fit, the name included; bit 63 stands for 63 and more.

import { slotOf } from './command-table';
import { commandsAt, resultAt, windowAt } from './layout';
import { argumentEnd, argumentHead, commandHead, lineEnd, shortHeader } from './resp-numbers';

const kindPlain: u32 = 1;
const kindMulti: u32 = 2;
const kindSelect: u32 = 4;

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
    const slot = slotOf(commandsAt, name, nameLength);
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
