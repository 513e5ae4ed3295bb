/* Seeded ways to damage a file. */

/** A generator of 32-bit numbers, the same for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A damaged copy: flipped, set, swapped, removed, doubled or cut bytes, one to three times. */
export function damaged(bytes: Buffer, next: (below: number) => number): Buffer {
  let copy: Buffer = Buffer.from(bytes);
  for (let times = 1 + next(3); times > 0 && copy.length > 1; times--) copy = damagedOnce(copy, next);
  return copy;
}

function damagedOnce(bytes: Buffer, next: (below: number) => number): Buffer {
  const at = next(bytes.length);
  const length = Math.min(1 + next(20), bytes.length - at);
  switch (next(7)) {
    case 0:
      bytes[at] ^= 1 << next(8);
      return bytes;
    case 1:
      bytes[at] = next(256);
      return bytes;
    case 2:
      bytes[at] += next(2) === 0 ? 1 : -1;
      return bytes;
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 5:
      return bytes.subarray(0, Math.max(at, 1));
    default:
      bytes.copyWithin(next(bytes.length), at, at + length);
      return bytes;
  }
}
