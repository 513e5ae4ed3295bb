/* Random vector set commands on few keys. */
import type { Command, Random } from './replay.ts';

export const keys = ['a', 'b', 'c', 'd'];

function components(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => random.pick(['0', '1', '-2.5', String(random.next() * 2 - 1)]));
}

function vector(random: Random, count: number): string[] {
  const values = components(random, count);
  if (random.chance(0.5)) return ['VALUES', String(count), ...values];
  const blob = Buffer.alloc(count * 4);
  for (const [i, value] of values.entries()) blob.writeFloatLE(Number(value), i * 4);
  return ['FP32', blob.latin1Slice()];
}

/** Each key has a dimension and a quantisation of its own, most of the time. */
export function vectorCommand(random: Random): Command {
  const which = random.below(keys.length);
  const key = keys[which];
  const element = `e${random.below(12)}`;
  if (random.chance(0.15)) return ['VREM', key, element];
  if (random.chance(0.15)) return ['VSETATTR', key, element, random.pick(['', '{}', '{"x":1}'])];
  const options: string[] = random.chance(0.03) ? [] : [...['Q8', 'NOQUANT', 'BIN', 'q8'].slice(which, which + 1)];
  if (random.chance(0.2)) options.push('SETATTR', random.pick(['', '{"y":2}']));
  // No CAS: a server never finishes loading an AOF with `VADD ... CAS` on a set that exists (8.0.6, 8.6.3).
  if (random.chance(0.1))
    options.push(
      ...random.pick([
        ['EF', '10'],
        ['EF', '0'],
        ['M', '20'],
        ['M', '2'],
      ]),
    );
  const dimension = random.chance(0.03) ? 2 : [3, 70, 100, 300][which];
  return ['VADD', key, ...vector(random, dimension), element, ...options];
}
