import type { Random } from '../fuzz/mutation.ts';

/** One damage of a file: the bytes afterwards, and which ranges of the original it touched. */
export interface Damage {
  readonly kind: string;
  readonly bytes: Buffer;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

export const damageKinds = ['cut', 'flip', 'flips', 'insert', 'remove', 'nul', 'swap', 'noise', 'nul-tail'] as const;
export type DamageKind = (typeof damageKinds)[number];

type Maker = (bytes: Buffer, random: Random) => Damage;

const range = (bytes: Buffer, random: Random, most = 64): [number, number] => {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(most))];
};

function overwritten(kind: string, bytes: Buffer, from: number, to: number, byte: (old: number) => number): Damage {
  const result = Buffer.from(bytes);
  for (let position = from; position < to; position++) result[position] = byte(result[position]);
  return { kind, bytes: result, ranges: [[from, to]] };
}

const makers: Record<DamageKind, Maker> = {
  cut: (bytes, random) => cutAt(bytes, random.below(bytes.length)),
  flip: (bytes, random) => {
    const at = random.below(bytes.length);
    return overwritten('flip', bytes, at, at + 1, (old) => old ^ (1 << random.below(8)));
  },
  flips: (bytes, random) => {
    const [from, to] = range(bytes, random, 4);
    return overwritten('flips', bytes, from, to, (old) => old ^ (1 + random.below(255)));
  },
  insert: (bytes, random) => {
    const at = random.below(bytes.length);
    const noise = Buffer.from(Array.from({ length: 1 + random.below(64) }, () => random.below(256)));
    return {
      kind: 'insert',
      bytes: Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]),
      ranges: [[at, at]],
    };
  },
  remove: (bytes, random) => {
    const [from, to] = range(bytes, random);
    return {
      kind: 'remove',
      bytes: Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]),
      ranges: [[from, to]],
    };
  },
  nul: (bytes, random) => {
    const [from, to] = range(bytes, random);
    return overwritten('nul', bytes, from, to, () => 0);
  },
  swap: (bytes, random) => {
    const size = 1 + random.below(Math.min(200, bytes.length >> 2));
    const first = random.below(Math.max(1, bytes.length - 2 * size));
    const second = first + size + random.below(Math.max(1, bytes.length - first - 2 * size));
    const result = Buffer.from(bytes);
    bytes.copy(result, first, second, second + size);
    bytes.copy(result, second, first, first + size);
    return {
      kind: 'swap',
      bytes: result,
      ranges: [
        [first, first + size],
        [second, Math.min(second + size, bytes.length)],
      ],
    };
  },
  noise: (bytes, random) => {
    const [from, to] = range(bytes, random);
    return overwritten('noise', bytes, from, to, () => random.below(256));
  },
  'nul-tail': (bytes, random) => {
    const at = random.below(bytes.length);
    const ranges: [number, number][] = [[at, bytes.length]];
    return { kind: 'nul-tail', bytes: Buffer.concat([bytes.subarray(0, at), Buffer.alloc(512)]), ranges };
  },
};

/** The file ends at `at`. */
export function cutAt(bytes: Buffer, at: number): Damage {
  return { kind: 'cut', bytes: bytes.subarray(0, at), ranges: [[at, bytes.length]] };
}

export function damaged(kind: DamageKind, bytes: Buffer, random: Random): Damage {
  return makers[kind](bytes, random);
}

/** Whether a record at `[from, to)` of the original is touched; an insertion touches what it splits. */
export function touches({ ranges }: Damage, from: number, to: number): boolean {
  return ranges.some(([start, end]) => (start === end ? start > from && start < to : start < to && end > from));
}
