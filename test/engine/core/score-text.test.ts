import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Grisu2 } from '../../../src/encodings/grisu2.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { flavorRules } from '../../../src/servers/flavor.ts';
import { formatGeneral17, ScoreText } from '../../../src/values/score-text.ts';
import type { DigestSink, ObjectValue } from '../../../src/values/value.ts';
import { Kind } from '../../../src/values/value.ts';
import { describeWithServer, type Server, type ServerName, startServer } from '../../support/servers.ts';

/** A reproducible stream of 32-bit numbers (xorshift). */
function* words(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/** Doubles of every kind that the two texts treat differently. */
function samples(count: number): number[] {
  const source = words(2463534242);
  const next = () => source.next().value;
  const view = new DataView(new ArrayBuffer(8));
  const values = [
    0,
    1,
    -1,
    1e8,
    1.1e17,
    12345678,
    0.1,
    2.5,
    5e-324,
    2 ** -1022,
    1.7976931348623157e308,
    2 ** 63,
    2 ** 52,
  ];
  values.push(1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 0.0001, 0.00001, 1e-7, 3e-7, 10 ** 12 + 1 / 32, -4.35, 2 ** 53 + 2);
  for (let index = 0; index < 300; index++) values.push(2 ** ((next() % 2000) - 1000));
  while (values.length < count) {
    view.setUint32(0, next());
    view.setUint32(4, next());
    const bits = view.getFloat64(0);
    if (Number.isFinite(bits)) values.push(bits);
    values.push(
      (next() % 1e6) / 100,
      next() / 2 ** 32,
      Math.round(next() / 4294.967296) / 1e6,
      next() * 2 ** 20,
      -next(),
    );
    values.push(Number(`1e${(next() % 600) - 300}`), Number(`${next() % 1000}e${(next() % 40) - 20}`), next() * 5e-324);
  }
  return values;
}

/** A sorted set of some scores whose members are their positions. */
class Scores implements ObjectValue {
  readonly kind = Kind.SortedSet;
  readonly scores: readonly number[];
  constructor(scores: readonly number[]) {
    this.scores = scores;
  }
  get count(): number {
    return this.scores.length;
  }
  copy(): ObjectValue {
    return new Scores(this.scores);
  }
  digest(sink: DigestSink): void {
    this.scores.forEach((score, index) => {
      sink.elementMix(String(index));
      sink.elementMix(sink.scoreText(score));
      sink.endElement();
    });
  }
}

describe('score text', () => {
  it('reads back as the same double', () => {
    const grisu = new Grisu2();
    for (const value of samples(20000)) {
      expect(Number(grisu.format(value))).toBe(value);
      expect(Number(formatGeneral17(value))).toBe(value);
    }
  });

  it('writes what fpconv writes', () => {
    const text = new ScoreText(flavorRules('redis-8'));
    const cases: [number, string][] = [
      [1e8, '1e+8'],
      [1.1e17, '1.1e+17'],
      [12345678, '12345678'],
      [1630.267111, '1630.2671110000001'],
      [956.80077, '956.8007700000001'],
      [-0, '-0'],
      [Number.NEGATIVE_INFINITY, '-inf'],
    ];
    for (const [value, expected] of cases) expect(text.format(value)).toBe(expected);
  });

  it('writes what printf %.17g writes, a tie to even', () => {
    const cases: [number, string][] = [
      [0.1, '0.10000000000000001'],
      [1e17, '1e+17'],
      [3e-7, '2.9999999999999999e-07'],
      [10 ** 12 + 1 / 32, '1000000000000.0312'],
      [100, '100'],
    ];
    for (const [value, expected] of cases) expect(formatGeneral17(value)).toBe(expected);
  });
});

const generations: [ServerName, 'redis-7.0' | 'redis-8' | 'valkey-9'][] = [
  ['redis-7.0', 'redis-7.0'],
  ['redis-8.6', 'redis-8'],
  ['valkey-9.1', 'valkey-9'],
];
for (const [name, flavor] of generations) {
  describeWithServer(name, `digests of scores: ${name}`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await startServer(name);
    });
    afterAll(async () => server?.stop());

    it('are the same in batches of 200', async () => {
      const values = samples(20000);
      const digester = new Digester({ flavor, at: 0 });
      for (let start = 0; start < values.length; start += 200) {
        const batch = values.slice(start, start + 200).map((value) => value + 0);
        const args = batch.flatMap((value, index) => [value.toPrecision(17), String(index)]);
        await server.pipeline([
          ['DEL', 'z'],
          ['ZADD', 'z', ...args],
        ]);
        expect([start, ...(await server.digestValues(['z']))]).toEqual([start, digester.value(new Scores(batch))]);
      }
    });
  });
}
