// AssemblyScript. LZF from the buffer at `bufferAt` into the one at `outputAt`; the format is in src/lzf/decompress.ts.
// Copies go eight or sixteen bytes at a time and may run over the end of what they mean by up to 32 bytes: both
// buffers are followed by `slack` bytes that nobody reads.

import { bufferAt, outputAt, resultAt } from './layout';

/**
 * Takes steps from the first `inLength` bytes of the buffer and appends to the output, which holds `history` bytes already, until the
 * next step would begin at or after `inStop`, or the output holds `outStop` bytes or more. Results: bytes taken, and bytes in
 * the output. Returns 0 at a step that leaves the input, reaches before the output's start or exceeds `outMax`, else 1.
 */
export function lzfDecompress(inStop: usize, inLength: usize, history: usize, outStop: usize, outMax: usize): i32 {
  const to = bufferAt + inLength;
  const stop = bufferAt + inStop;
  const outEnd = outputAt + outMax;
  const full = outputAt + outStop;
  let ip: usize = bufferAt;
  let op: usize = outputAt + history;
  while (ip < stop && op < full) {
    const control = <usize>load<u8>(ip++);
    if (control < 32) {
      const end = op + control + 1;
      if (ip + control >= to || end > outEnd) return 0;
      v128.store(op, v128.load(ip));
      if (control >= 16) v128.store(op, v128.load(ip, 16), 16);
      ip += control + 1;
      op = end;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length == 9) {
      if (ip >= to) return 0;
      length += <usize>load<u8>(ip++);
    }
    if (ip >= to) return 0;
    const distance = ((control & 31) << 8) + <usize>load<u8>(ip++) + 1;
    const end = op + length;
    if (op < outputAt + distance || end > outEnd) return 0;
    copyMatch(op, distance, end);
    op = end;
  }
  store<u32>(resultAt, <u32>(ip - bufferAt));
  store<u32>(resultAt + 4, <u32>(op - outputAt));
  return 1;
}

// @ts-ignore: decorator
@inline
export function copyMatch(from: usize, distance: usize, end: usize): void {
  let op = from;
  if (distance >= 16) {
    do {
      v128.store(op, v128.load(op - distance));
      op += 16;
    } while (op < end);
  } else if (distance >= 8) {
    do {
      store<u64>(op, load<u64>(op - distance));
      op += 8;
    } while (op < end);
  } else if (distance == 1) {
    const bytes = i8x16.splat(<i8>load<u8>(op - 1));
    do {
      v128.store(op, bytes);
      op += 16;
    } while (op < end);
  } else {
    do {
      store<u8>(op, load<u8>(op - distance));
      op++;
    } while (op < end);
  }
}
