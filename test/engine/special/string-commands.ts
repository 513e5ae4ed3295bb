/* Random commands on bitmaps and HyperLogLogs, on few keys, so that they meet. */
import { createHyperLogLog } from '../../../src/values/hyperloglog.ts';
import type { Command, Random } from './replay.ts';

export const keys = ['a', 'b', 'c', 'd'];

export function bitmapCommand(random: Random, newer: boolean): Command {
  const key = random.pick(keys);
  const type = () => random.pick(['i', 'u']) + (1 + random.below(64));
  const offset = () => random.pick(['', '#']) + random.below(80);
  const value = () =>
    random.pick([
      '0',
      '1',
      '-1',
      '127',
      '128',
      '-129',
      '9223372036854775807',
      '-9223372036854775808',
      String(random.below(1e9)),
    ]);
  switch (random.below(8)) {
    case 0:
      return ['SET', key, random.pick(['', '7', 'foobar', '\x00\xff\x0f', '12345678901234567890'])];
    case 1:
      return ['SETBIT', key, String(random.below(200)), random.pick(['0', '1', '2'])];
    case 2:
    case 3:
      return [
        'BITFIELD',
        key,
        'set',
        type(),
        offset(),
        value(),
        'GET',
        type(),
        offset(),
        'incrby',
        type(),
        offset(),
        value(),
      ];
    case 4:
    case 5:
      return [
        'BITFIELD',
        key,
        'OVERFLOW',
        random.pick(['wrap', 'SAT', 'FAIL', 'x']),
        'SET',
        type(),
        offset(),
        value(),
        'INCRBY',
        type(),
        offset(),
        value(),
      ];
    default: {
      const names = newer ? ['AND', 'OR', 'xor', 'NOT', 'DIFF', 'diff1', 'ANDOR', 'ONE'] : ['AND', 'OR', 'xor', 'NOT'];
      const operation = random.pick(names);
      const sources = Array.from({ length: operation === 'NOT' ? 1 : 1 + random.below(3) }, () =>
        random.pick([...keys, 'none']),
      );
      return ['BITOP', operation, key, ...sources];
    }
  }
}

export function hllCommand(random: Random): Command {
  const key = random.pick(keys);
  const roll = random.below(100);
  if (roll < 70) {
    const range = random.pick([10, 1000, 1e9]);
    return [
      'PFADD',
      key,
      ...Array.from({ length: random.below(20) }, () => `element:${random.below(range)}`.slice(random.below(8))),
    ];
  }
  if (roll < 80) return ['PFCOUNT', key];
  if (roll < 82) return ['PFCOUNT', key, random.pick(keys)];
  if (roll < 88)
    return ['PFMERGE', key, ...Array.from({ length: random.below(3) }, () => random.pick([...keys, 'none']))];
  if (roll < 90) return ['PFDEBUG', random.pick(['TODENSE', 'encoding']), key];
  if (roll < 92) return ['SET', key, 'no HLL'];
  if (roll < 95) return ['SET', key, `${createHyperLogLog().latin1Slice(0, 16)}\x7f\xff\x00`];
  return ['DEL', key];
}
