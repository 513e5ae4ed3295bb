/*
 * LZF, compressing in plain JavaScript, byte for byte as the servers do (liblzf with HLOG 16 and VERY_FAST). The format is in
 * decompress.ts. This is the reference for the WebAssembly version, and what serves where that does not.
 *
 * Of what the format would allow, these choices make the servers' bytes:
 *
 *   - a table of 65536 slots remembers where three bytes were last seen: slot = ((b0b1b2 >> 8) - 5 * b0b1b2) mod 65536;
 *     one candidate, taken when its three bytes agree and it lies at most 8192 back, but never the input's first byte;
 *   - after a match only the last two of its positions enter the table;
 *   - a match stops two bytes before the input's end, except that one with 19 or more bytes to look at gets its 19 bytes.
 */

const slotCount = 65536;
const distanceMax = 8192;
const matchMax = 264;
const literalMax = 32;

/**
 * Slots hold `epoch + position`; what an earlier call left is below `epoch` and so counts as empty. It saves clearing 256 KiB
 * for each string. Calls are synchronous and leave nothing that a later one could observe.
 */
const slots = new Int32Array(slotCount);
let epoch = 1;

/** As `lzfCompress` in compress.ts. */
export function lzfCompressJavascript(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  outFrom: number,
  outMax: number,
): number {
  if (to <= from || outMax <= 0) return 0;
  const base = startEpoch(to - from) - from;
  const outEnd = outFrom + outMax;
  const last = to - 2;
  let ip = from;
  let op = outFrom + 1;
  let literals = 0;
  let bytes = (input[ip] << 8) | input[ip + 1];
  while (ip < last) {
    bytes = ((bytes << 8) | input[ip + 2]) & 0xffffff;
    const slot = ((bytes >> 8) - bytes * 5) & 0xffff;
    const seen = slots[slot] - base;
    slots[slot] = base + ip;
    if (
      seen > from &&
      ip - seen <= distanceMax &&
      input[seen + 2] === input[ip + 2] &&
      input[seen + 1] === input[ip + 1] &&
      input[seen] === input[ip]
    ) {
      if (op - (literals === 0 ? 1 : 0) + 4 >= outEnd) return 0;
      if (literals === 0) op--;
      else output[op - literals - 1] = literals - 1;
      literals = 0;
      const length = matchLength(input, seen, ip, to);
      const distance = ip - seen - 1;
      if (length < 9) output[op++] = (distance >> 8) | ((length - 2) << 5);
      else {
        output[op++] = (distance >> 8) | 0xe0;
        output[op++] = length - 9;
      }
      output[op++] = distance;
      op++;
      ip += length;
      if (ip >= last) break;
      bytes = (input[ip - 2] << 16) | (input[ip - 1] << 8) | input[ip];
      slots[((bytes >> 8) - bytes * 5) & 0xffff] = base + ip - 2;
      bytes = ((bytes << 8) | input[ip + 1]) & 0xffffff;
      slots[((bytes >> 8) - bytes * 5) & 0xffff] = base + ip - 1;
    } else {
      if (op >= outEnd) return 0;
      output[op++] = input[ip++];
      if (++literals === literalMax) {
        output[op - literals - 1] = literals - 1;
        literals = 0;
        op++;
      }
    }
  }
  return finish(input, ip, to, output, outFrom, op, outEnd, literals);
}

/** The input's last bytes, at most two more than a match left over, as literals. */
function finish(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  outFrom: number,
  outAt: number,
  outEnd: number,
  literalCount: number,
): number {
  let op = outAt;
  let literals = literalCount;
  if (op + 3 > outEnd) return 0;
  for (let ip = from; ip < to; ip++) {
    output[op++] = input[ip];
    if (++literals === literalMax) {
      output[op - literals - 1] = literals - 1;
      literals = 0;
      op++;
    }
  }
  if (literals === 0) op--;
  else output[op - literals - 1] = literals - 1;
  return op - outFrom;
}

/** Bytes of the match at `ip` with what stands at `seen`; three are known to agree. */
function matchLength(input: Uint8Array, seen: number, ip: number, to: number): number {
  const left = to - ip;
  // 19 bytes or more: the servers' unrolled comparison looks at 16 bytes without asking for the end.
  let max = left - 2;
  if (max > 16 && max < 19) max = 19;
  if (max > matchMax) max = matchMax;
  let length = 3;
  while (length < max && input[seen + length] === input[ip + length]) length++;
  return length;
}

function startEpoch(length: number): number {
  if (epoch > 0x3fffffff) {
    slots.fill(0);
    epoch = 1;
  }
  const start = epoch;
  epoch += length;
  return start;
}
