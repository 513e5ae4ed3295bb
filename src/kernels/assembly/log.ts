// AssemblyScript. Ordinary commands of a log as finished lines, byte for byte as src/operations/log/{text-lines,json-lines}.ts write
// them. Stops before anything else, which is JavaScript's.
//
//   text   head 'FILE:', offset, ' #', ordinal, middle ' TIME dbN ', name, ' "argument"' …
//   JSON   head '{"type":"command","file":"FILE","offset":', offset, ',"length":', length, ',"ordinal":', ordinal,
//          middle ',"time":N,"db":N,"args":[', strings, '],"more":N}' or ']}'

import { slotOf } from './command-table';
import { argc, frameCommand, nowhere, selected } from './log-frame';
import {
  argumentsAt,
  bareAt,
  commandsAt,
  headAt,
  lineStartsAt,
  lineStartsMax,
  linesAt,
  linesEnd,
  middleAt,
  prefixAt,
  resultAt,
  timeAt,
  turnedAt,
  windowAt,
} from './log-layout';
import { base64, byte, copy, decimal, isUtf8, jsonString, moveTo, out, quoted } from './log-text';

const shownBytes: usize = 64;
const shownArguments: u32 = 16;

/** Bits of `flags`. */
const flagFull: u32 = 1;
const flagJson: u32 = 2;
const flagStarts: u32 = 4;
/** Lines end before a SELECT. */
const flagSelect: u32 = 8;

/** Room for what a line holds beside its arguments: head, middle, numbers. */
const lineRoom: usize = 4096;
/** Room for each argument beside its bytes, and by how much a byte may grow. */
const argumentRoom: usize = 64;
const growthMax: usize = 6;

let headLength: usize = 0;
let timeLength: usize = 0;
let middleLength: usize = 0;

/** What holds for the lines of one part: how many bytes lie at `headAt` and at `timeAt`. */
export function settle(head: u32, time: u32, database: u32, flags: u32): void {
  headLength = head;
  timeLength = time;
  buildMiddle(database, flags);
}

function buildMiddle(database: u32, flags: u32): void {
  const before = out;
  moveTo(middleAt);
  copy(timeAt, timeLength);
  decimal(database);
  if (flags & flagJson) {
    // ,"args":[
    store<u64>(out, 0x3a2273677261222c);
    store<u8>(out, 0x5b, 8);
    moveTo(out + 9);
  } else byte(0x20);
  middleLength = out - middleAt;
  moveTo(before);
}

/**
 * Writes lines for the commands of the window's `[from, to)` that begin before `stop`, `most` at most, from `linesAt + written` on until
 * `written` reaches `enough`. `base`: offset of the window's first byte; `ordinal`: of the command before. Returns their count.
 * Results: where the first command begins that was not taken, bytes written in all, the selected database (-1: as before), and how
 * many line starts there are; the last one is given to it.
 */
export function writeLines(
  from: usize,
  to: usize,
  stop: usize,
  most: u32,
  base: f64,
  ordinal: f64,
  written: usize,
  enough: usize,
  flags: u32,
): u32 {
  const limit = windowAt + to;
  const last = windowAt + stop;
  const outEnough = linesAt + enough;
  const offsetBase = <u64>base - windowAt;
  let number = <u64>ordinal;
  let start = windowAt + from;
  let count: u32 = 0;
  let database = -1;
  let starts = load<u32>(resultAt, 12);
  moveTo(linesAt + written);
  while (start < limit && start < last && count < most && out < outEnough) {
    if (flags & flagStarts && starts + 1 >= lineStartsMax) break;
    const end = frameCommand(start, limit);
    if (end == nowhere || !hasRoom(end - start, flags)) break;
    const select = selected();
    if (select != -1) {
      if (select == -2 || flags & flagSelect) break;
      database = select;
      buildMiddle(select, flags);
    }
    if (flags & flagStarts) {
      store<u32>(lineStartsAt + (<usize>starts << 2), <u32>(out - linesAt));
      starts++;
    }
    number++;
    copy(headAt, headLength);
    decimal(offsetBase + <u64>start);
    if (flags & flagJson) jsonLine(end - start, number, flags);
    else textLine(number, flags);
    count++;
    start = end;
  }
  // Where the next line begins, whoever writes it.
  if (flags & flagStarts && starts < lineStartsMax) store<u32>(lineStartsAt + (<usize>starts << 2), <u32>(out - linesAt));
  store<u32>(resultAt, <u32>(start - windowAt));
  store<u32>(resultAt, <u32>(out - linesAt), 4);
  store<i32>(resultAt, database, 8);
  store<u32>(resultAt, starts, 12);
  return count;
}

// @ts-ignore: decorator
@inline
function hasRoom(length: usize, flags: u32): bool {
  const shown = flags & flagFull ? length : min(length, (shownBytes + 8) * (shownArguments + 1));
  return out + lineRoom + <usize>argc * argumentRoom + shown * growthMax <= linesEnd;
}

function textLine(ordinal: u64, flags: u32): void {
  // ' #'
  store<u16>(out, 0x2320);
  moveTo(out + 2);
  decimal(ordinal);
  copy(middleAt, middleLength);
  const full = (flags & flagFull) != 0;
  const shown = full ? argc : min(argc, shownArguments + 1);
  name(<usize>load<u32>(argumentsAt), <usize>load<u32>(argumentsAt, 4), full);
  let slot = argumentsAt;
  for (let index: u32 = 1; index < shown; index++) {
    slot += 8;
    byte(0x20);
    textArgument(<usize>load<u32>(slot), <usize>load<u32>(slot, 4), full);
  }
  if (shown < argc) {
    byte(0x20);
    openCount();
    decimal(<u64>(argc - shown));
    // ' more arguments)'
    store<u64>(out, 0x72612065726f6d20);
    store<u64>(out, 0x2973746e656d7567, 8);
    moveTo(out + 16);
  }
  byte(0x0a);
}

function name(at: usize, length: usize, full: bool): void {
  if (length == 0 || length > shownBytes) {
    textArgument(at, length, full);
    return;
  }
  let bare: u32 = 1;
  for (let index: usize = 0; index < length; index++) bare &= <u32>load<u8>(bareAt + <usize>load<u8>(at + index));
  if (bare) copy(at, length);
  else quoted(at, length);
}

// @ts-ignore: decorator
@inline
function textArgument(at: usize, length: usize, full: bool): void {
  if (full || length <= shownBytes) {
    quoted(at, length);
    return;
  }
  quoted(at, shownBytes);
  openCount();
  decimal(<u64>length);
  // ' bytes)'
  store<u64>(out, 0x0029736574796220);
  moveTo(out + 7);
}

/** An ellipsis in UTF-8 and a parenthesis. */
// @ts-ignore: decorator
@inline
function openCount(): void {
  store<u32>(out, 0x28a680e2);
  moveTo(out + 4);
}

function jsonLine(length: usize, ordinal: u64, flags: u32): void {
  // ,"length":
  store<u64>(out, 0x6874676e656c222c);
  store<u16>(out, 0x3a22, 8);
  moveTo(out + 10);
  decimal(<u64>length);
  // ,"ordinal":
  store<u64>(out, 0x616e6964726f222c);
  store<u32>(out, 0x003a226c, 8);
  moveTo(out + 11);
  decimal(ordinal);
  copy(middleAt, middleLength);
  const full = (flags & flagFull) != 0;
  const shown = full ? argc : min(argc, shownArguments + 1);
  let slot = argumentsAt;
  for (let index: u32 = 0; index < shown; index++, slot += 8) {
    if (index > 0) byte(0x2c);
    const at = <usize>load<u32>(slot);
    const size = <usize>load<u32>(slot, 4);
    if (full || size <= shownBytes) jsonArgument(at, size);
    else jsonShortened(at, size);
  }
  byte(0x5d);
  if (shown < argc) {
    // ,"more":
    store<u64>(out, 0x3a2265726f6d222c);
    moveTo(out + 8);
    decimal(<u64>(argc - shown));
  }
  store<u16>(out, 0x0a7d);
  moveTo(out + 2);
}

function jsonArgument(at: usize, length: usize): void {
  if (jsonString(at, length)) return;
  openBase64();
  base64(at, length);
  byte(0x7d);
}

/** {"base64": */
// @ts-ignore: decorator
@inline
function openBase64(): void {
  store<u64>(out, 0x343665736162227b);
  store<u16>(out, 0x3a22, 8);
  moveTo(out + 10);
}

function jsonShortened(at: usize, length: usize): void {
  if (isUtf8(at, at + shownBytes)) {
    // {"head":
    store<u64>(out, 0x3a2264616568227b);
    moveTo(out + 8);
    jsonString(at, shownBytes);
  } else {
    openBase64();
    base64(at, shownBytes);
  }
  // ,"length":
  store<u64>(out, 0x6874676e656c222c);
  store<u16>(out, 0x3a22, 8);
  moveTo(out + 10);
  decimal(<u64>length);
  byte(0x7d);
}

/**
 * Passes over the commands of the window's `[from, to)` that begin before `stop`. Returns their count. Results: where the first command begins
 * that was not taken; the selected database (-1: as before) as the third.
 */
export function passLog(from: usize, to: usize, stop: usize): u32 {
  return passCommands(from, to, stop, false, 0);
}

/** As `passLog`; `choosy`: only commands that cannot be wanted, as `passUnwanted` says. */
// @ts-ignore: decorator
@inline
function passCommands(from: usize, to: usize, stop: usize, choosy: bool, prefix: usize): u32 {
  const limit = windowAt + to;
  const last = windowAt + stop;
  let start = windowAt + from;
  let count: u32 = 0;
  let database = -1;
  while (start < limit && start < last) {
    const end = frameCommand(start, limit);
    if (end == nowhere || (choosy && isWanted(prefix))) break;
    const select = selected();
    if (select != -1) {
      if (select == -2) break;
      database = select;
    }
    count++;
    start = end;
  }
  store<u32>(resultAt, <u32>(start - windowAt));
  store<i32>(resultAt, database, 8);
  return count;
}

/** A slot's own bytes in the table of commands:  u8 verdict | u8 count | 6 unused. */
const verdictNever: u32 = 0;
const verdictKey: u32 = 2;

/**
 * Passes over commands as `passLog` does, as long as the table says that they cannot be wanted: never, or not with `count` arguments or less,
 * or (verdictKey) not with a first key that does not begin with the `prefix` bytes at `prefixAt`.
 */
export function passUnwanted(from: usize, to: usize, stop: usize, prefix: usize): u32 {
  return passCommands(from, to, stop, true, prefix);
}

// @ts-ignore: decorator
@inline
function isWanted(prefix: usize): bool {
  const slot = slotOf(commandsAt, <usize>load<u32>(argumentsAt), <usize>load<u32>(argumentsAt, 4));
  if (slot == 0) return true;
  const verdict = <u32>load<u8>(slot, 16);
  if (verdict == verdictNever || argc <= <u32>load<u8>(slot, 17)) return false;
  if (verdict != verdictKey || argc < 2) return true;
  const key = <usize>load<u32>(argumentsAt, 8);
  if (<usize>load<u32>(argumentsAt, 12) < prefix) return false;
  for (let index: usize = 0; index < prefix; index++) {
    if (load<u8>(key + index) != load<u8>(prefixAt + index)) return false;
  }
  return true;
}

/** Writes the last `count` of `starts` lines, which end at `written`, to `turnedAt`, the last one first. Returns their bytes. */
export function turnLines(starts: u32, written: usize, count: u32): usize {
  let end = linesAt + written;
  moveTo(turnedAt);
  for (let left = count, line = starts - 1; left > 0; left--, line--) {
    const start = linesAt + <usize>load<u32>(lineStartsAt + (<usize>line << 2));
    copy(start, end - start);
    end = start;
  }
  return out - turnedAt;
}
