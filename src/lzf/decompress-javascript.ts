/*
 * LZF, decompressing in plain JavaScript: the reference for the WebAssembly version, faster for a few bytes, and what serves where
 * that does not. The format is in decompress.ts.
 */

/** As `lzfDecompress` in decompress.ts. */
export function lzfDecompressJavascript(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  outFrom: number,
  outLength: number,
): number {
  const outEnd = outFrom + outLength;
  let ip = from;
  let op = outFrom;
  while (ip < to) {
    const control = input[ip++];
    if (control < 32) {
      const end = op + control + 1;
      if (ip + control >= to || end > outEnd) return -1;
      while (op < end) output[op++] = input[ip++];
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) {
      if (ip >= to) return -1;
      length += input[ip++];
    }
    if (ip >= to) return -1;
    let source = op - ((control & 31) << 8) - input[ip++] - 1;
    const end = op + length;
    if (source < outFrom || end > outEnd) return -1;
    if (length > 48 && source + length <= op) {
      output.copyWithin(op, source, source + length);
      op = end;
    } else while (op < end) output[op++] = output[source++];
  }
  return op === outEnd && to > from ? outLength : -1;
}
