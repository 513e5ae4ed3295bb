// AssemblyScript. LZF between any two places of the memory; the format is in src/lzf/decompress.ts.

import { copyMatch } from './lzf-decompress';

/** Whether `[from, to)` yields exactly `length` bytes (src/lzf/validate.ts), without producing them. */
export function lzfSound(from: usize, to: usize, length: u32): bool {
  let ip = from;
  let made: usize = 0;
  while (ip < to) {
    let control = <usize>load<u8>(ip);
    if (control < 32) {
      ip += control + 2;
      made += control + 1;
      // A match nearly always comes next.
      if (ip >= to) break;
      control = <usize>load<u8>(ip);
      if (control < 32) continue;
    }
    const distance = (control & 31) << 8;
    if (control < 224) {
      if (distance + <usize>load<u8>(ip, 1) >= made) return false;
      made += (control >> 5) + 2;
      ip += 2;
    } else {
      if (distance + <usize>load<u8>(ip, 2) >= made) return false;
      made += <usize>load<u8>(ip, 1) + 9;
      ip += 3;
    }
  }
  return ip == to && made == length;
}

/** Decompresses `[from, to)` to `out`, which has 64 bytes more than `length`; false unless that yields exactly `length` bytes. */
export function lzfUnpack(from: usize, to: usize, out: usize, length: u32): bool {
  const end = out + length;
  let ip = from;
  let op = out;
  while (ip < to) {
    const control = <usize>load<u8>(ip++);
    if (control < 32) {
      const next = op + control + 1;
      if (next > end) return false;
      v128.store(op, v128.load(ip));
      if (control >= 16) v128.store(op, v128.load(ip, 16), 16);
      ip += control + 1;
      op = next;
      continue;
    }
    let count = (control >> 5) + 2;
    if (count == 9) count += <usize>load<u8>(ip++);
    const distance = ((control & 31) << 8) + <usize>load<u8>(ip++) + 1;
    const next = op + count;
    if (op < out + distance || next > end) return false;
    copyMatch(op, distance, next);
    op = next;
  }
  return ip == to && op == end;
}
