// AssemblyScript. Counts the ordinary commands of a log: by command, by key and prefix, and which of them a sample of the keys concerns.
// Stops before anything else, which is JavaScript's (src/operations/log/statistics.ts).
//
//   a slot's own eight bytes in the table of commands:  u16 number | i8 first key | i8 last key | u8 step | u8 flags | u16 unused

import { slotOf } from './command-table';
import { clearTables, countProbes, countText, hashOf, shortHashOf } from './frequent-texts';
import { setHashKey } from './sip-hash';
import { argc, frameCommand, nowhere, selected } from './log-frame';
import { argumentsAt, resultAt, windowAt } from './log-layout';
import { commandsAt, samplesAt, samplesMax, scratchAt, totalsAt } from './statistics-layout';

export { clearTables, countProbes, setHashKey };

/** The command writes its keys; only the first of them. */
const flagWrites: u32 = 1;
const flagFirst: u32 = 2;
const flagMulti: u32 = 4;
const flagExec: u32 = 8;
/** As sampleSeed in src/operations/log/rewrite-estimate.ts. */
const sampleSeed: u32 = 0x51ed270b;
/** Longer keys are told apart by what they begin with. */
const keyLengthMax: usize = 1024;

/**
 * Counts the commands of the window's `[from, to)` that begin before `stop`. Commands with a key whose hash has none of the bits of `mask`,
 * and those without keys, are noted
 * as samples, none for a mask of -1. Returns the count. Results: where the first command begins that was not
 * counted, how many samples there are, the selected database (-1: as before).
 */
export function countCommands(from: usize, to: usize, stop: usize, mask: i32): u32 {
  const limit = windowAt + to;
  const last = windowAt + stop;
  let start = windowAt + from;
  let count: u32 = 0;
  let samples: u32 = 0;
  /** How many samples there were when the last one was a MULTI. */
  let emptyMulti: u32 = samplesMax + 1;
  /** No transaction is open: only known behind an EXEC. A MULTI within one is an error, and the EXEC behind it ends the outer one. */
  let isClosed = false;
  let database = -1;
  while (start < limit && start < last && samples < samplesMax) {
    // Should the command trap, JavaScript finds here what was counted before.
    note(start, samples, database, count);
    const end = frameCommand(start, limit);
    if (end == nowhere) break;
    const slot = slotOf(commandsAt, <usize>load<u32>(argumentsAt), <usize>load<u32>(argumentsAt, 4));
    if (slot == 0) break;
    const select = selected();
    if (select == -2) break;
    if (select >= 0) database = select;
    const length = <f64>(end - start);
    const totals = totalsAt + ((<usize>load<u16>(slot, 16)) << 4);
    store<f64>(totals, load<f64>(totals) + 1);
    store<f64>(totals, load<f64>(totals, 8) + length, 8);
    if (countKeys(slot, length, mask)) {
      const flags = <u32>load<u8>(slot, 21);
      if (flags & flagExec && samples == emptyMulti) {
        // A transaction of which nothing concerns the sample.
        samples--;
      } else {
        store<u32>(samplesAt + (<usize>samples << 2), <u32>(start - windowAt));
        samples++;
        if (flags & flagMulti) {
          emptyMulti = isClosed ? samples : samplesMax + 1;
          isClosed = false;
        }
      }
      if (flags & flagExec) isClosed = true;
    }
    count++;
    start = end;
  }
  note(start, samples, database, count);
  return count;
}

// @ts-ignore: decorator
@inline
function note(start: usize, samples: u32, database: i32, count: u32): void {
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, samples, 4);
  store<i32>(resultAt, database, 8);
  store<u32>(resultAt, count, 12);
}

/** Whether the command belongs to the sample. */
// @ts-ignore: decorator
@inline
function countKeys(slot: usize, bytes: f64, mask: i32): bool {
  const first = <i32>load<i8>(slot, 18);
  let lastKey = <i32>load<i8>(slot, 19);
  lastKey = lastKey < 0 ? <i32>argc + lastKey : min(lastKey, <i32>argc - 1);
  const step = <i32>load<u8>(slot, 20);
  const flags = <u32>load<u8>(slot, 21);
  if (first == 0 || first > lastKey) return mask != -1;
  let isSampled = false;
  for (let key = first; key <= lastKey; key += step) {
    const place = argumentsAt + (<usize>key << 3);
    const at = <usize>load<u32>(place);
    const length = <usize>load<u32>(place, 4);
    const hash = hashOf(at, length, sampleSeed);
    if ((hash & mask) == 0) isSampled = true;
    if (flags & flagWrites && (key == first || !(flags & flagFirst))) countKey(at, length, hash, bytes);
  }
  return isSampled && mask != -1;
}

/** Counts a key and what it begins with up to the first and second colon or slash. */
function countKey(at: usize, length: usize, hash: u32, bytes: f64): void {
  const counted = min(length, keyLengthMax);
  countText(0, at, counted, counted == length ? hash : hashOf(at, counted, sampleSeed), bytes);
  let depth = 0;
  for (let index: usize = 0; index < counted && depth < 2; index++) {
    const byte = load<u8>(at + index);
    if (byte != 0x3a && byte != 0x2f) continue;
    countText(1, at, index + 1, shortHashOf(at, index + 1, sampleSeed), bytes);
    depth++;
  }
}

/** Counts the first `length` bytes at `scratchAt` in table 0 or 1. */
export function countScratch(table: u32, length: usize, bytes: f64): void {
  const hash = table == 0 ? hashOf(scratchAt, length, sampleSeed) : shortHashOf(scratchAt, length, sampleSeed);
  countText(table, scratchAt, length, hash, bytes);
}
