// AssemblyScript. LZF from the buffer at `bufferAt` into the one at `outputAt`, byte for byte as src/lzf/compress.ts, where the rules are.

import { bufferAt, outputAt, slotBytes, slotsAt } from './layout';

const distanceMax: u32 = 8192;
const matchMax: usize = 264;

/** What a slot holds is this plus an address: what an earlier call left then lies before the input and counts as empty. */
let epoch: u32 = 0;

/** Compresses the first `length` bytes of the buffer into at most `outMax` bytes; returns their count, or 0 when they do not suffice. */
export function lzfCompress(length: usize, outMax: usize): usize {
  if (length == 0 || outMax == 0) return 0;
  if (epoch > 0xf0000000) {
    memory.fill(slotsAt, 0, slotBytes);
    epoch = 0;
  }
  const base = epoch;
  epoch += <u32>length;
  const to = bufferAt + length;
  const last = to - 2;
  const outEnd = outputAt + outMax;
  let ip: usize = bufferAt;
  let op: usize = outputAt + 1;
  let literals: usize = 0;
  while (ip < last) {
    const bytes = load<u32>(ip) & 0xffffff;
    const slot = slotOf(bytes);
    const seen = <usize>(load<u32>(slot) - base);
    store<u32>(slot, base + <u32>ip);
    // An empty slot makes `seen` wrap round or lie before the buffer: the first comparison refuses both.
    if (ip - seen <= distanceMax && seen > bufferAt && seen < ip && (load<u32>(seen) & 0xffffff) == bytes) {
      if (op - <usize>(literals == 0) + 4 >= outEnd) return 0;
      if (literals == 0) op--;
      else store<u8>(op - literals - 1, <u8>(literals - 1));
      literals = 0;
      const matched = matchLength(seen, ip, to);
      op = writeMatch(op, ip - seen - 1, matched) + 1;
      ip += matched;
      if (ip >= last) break;
      store<u32>(slotOf(load<u32>(ip - 2) & 0xffffff), base + <u32>ip - 2);
      store<u32>(slotOf(load<u32>(ip - 1) & 0xffffff), base + <u32>ip - 1);
    } else {
      if (op >= outEnd) return 0;
      store<u8>(op++, load<u8>(ip++));
      if (++literals == 32) {
        store<u8>(op - 33, 31);
        literals = 0;
        op++;
      }
    }
  }
  return finish(ip, to, op, outEnd, literals);
}

/** The three bytes come as loaded, the first one lowest; the servers' rule reads them the other way round. */
// @ts-ignore: decorator
@inline
function slotOf(bytes: u32): usize {
  const first = bytes & 255;
  const value = (first << 16) | (bytes & 0xff00) | (bytes >> 16);
  return slotsAt + (<usize>(((value >> 8) - value * 5) & 0xffff) << 2);
}

// @ts-ignore: decorator
@inline
function writeMatch(at: usize, distance: usize, length: usize): usize {
  let op = at;
  if (length < 9) {
    store<u8>(op++, <u8>((distance >> 8) | ((length - 2) << 5)));
  } else {
    store<u8>(op++, <u8>((distance >> 8) | 0xe0));
    store<u8>(op++, <u8>(length - 9));
  }
  store<u8>(op, <u8>distance);
  return op + 1;
}

// @ts-ignore: decorator
@inline
function matchLength(seen: usize, ip: usize, to: usize): usize {
  const left = to - ip;
  let max = left - 2;
  if (max > 16 && max < 19) max = 19;
  if (max > matchMax) max = matchMax;
  let length: usize = 3;
  while (length + 8 <= max) {
    const differing = load<u64>(seen + length) ^ load<u64>(ip + length);
    if (differing) return length + (<usize>ctz(differing) >> 3);
    length += 8;
  }
  while (length < max && load<u8>(seen + length) == load<u8>(ip + length)) length++;
  return length;
}

function finish(from: usize, to: usize, outAt: usize, outEnd: usize, literalCount: usize): usize {
  let op = outAt;
  let literals = literalCount;
  if (op + 3 > outEnd) return 0;
  for (let ip = from; ip < to; ip++) {
    store<u8>(op++, load<u8>(ip));
    if (++literals == 32) {
      store<u8>(op - 33, 31);
      literals = 0;
      op++;
    }
  }
  if (literals == 0) op--;
  else store<u8>(op - literals - 1, <u8>(literals - 1));
  return op - outputAt;
}
