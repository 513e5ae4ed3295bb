/** Seeded random numbers: mulberry32. */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) % Math.max(limit, 1);
  }
}

/** Bytes that parsers stumble over: lengths at their edges, opcodes, marks. */
const spicy = [
  0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3, 0xf2, 0xf3, 0xfa, 0xfd, 0xfe, 0xff, 0x0a, 0x0d, 0x24,
  0x2a,
];

/** A damaged copy: flips, cuts, insertions, repeated and swapped ranges, runs of NUL. */
export function mutate(bytes: Buffer, random: Pick<Random, 'below'>): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0 && result.length > 0; count--) result = mutateOnce(result, random);
  return result;
}

function mutateOnce(bytes: Buffer, random: Pick<Random, 'below'>): Buffer {
  const at = random.below(bytes.length);
  const length = 1 + random.below(Math.min(64, bytes.length - at));
  const end = Math.min(at + length, bytes.length);
  switch (random.below(8)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = spicy[random.below(spicy.length)];
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
    case 5:
      bytes.fill(0, at, end);
      return bytes;
    case 6:
      for (let position = at; position < end; position++) bytes[position] = random.below(256);
      return bytes;
    default:
      bytes.fill(0xff, at, Math.min(at + 9, bytes.length));
      bytes[at] = 0x81;
      return bytes;
  }
}
