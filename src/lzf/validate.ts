/*
 * LZF, checked without decompressing: how `check` reads a compressed string that nobody wants to see, however long it claims to
 * be. The format is in decompress.ts.
 */

/**
 * Walks the control bytes of `input[from, to)` without producing anything: time and memory do not depend on `outLength`.
 * Returns -1 for a sound stream, otherwise the position in `input` of the first flaw: the control byte of the step that leaves the
 * input, reaches before the output's start or exceeds `outLength`, or `to` where the stream ends too early.
 */
export function lzfValidate(input: Uint8Array, from: number, to: number, outLength: number): number {
  let ip = from;
  let produced = 0;
  while (ip < to) {
    const start = ip;
    const control = input[ip];
    if (control < 32) {
      ip += control + 2;
      produced += control + 1;
    } else if (control < 224) {
      if (ip + 1 >= to || (((control & 31) << 8) | input[ip + 1]) >= produced) return start;
      produced += (control >> 5) + 2;
      ip += 2;
    } else {
      if (ip + 2 >= to || (((control & 31) << 8) | input[ip + 2]) >= produced) return start;
      produced += input[ip + 1] + 9;
      ip += 3;
    }
    if (ip > to || produced > outLength) return start;
  }
  return produced === outLength && to > from ? -1 : to;
}
