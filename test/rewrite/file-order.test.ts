import { expect, it } from 'vitest';
import { fileOrder, fileRuns } from '../../src/dataset/file-order.ts';
import { Keyspace } from '../../src/engine/keyspace.ts';

/** Keys in memory and in two files: spread widely, crowded, and one far away. */
function keyspace(): Keyspace {
  const keys = new Keyspace();
  let state = 7;
  const random = (most: number) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % most;
  for (let number = 0; number < 5000; number++) {
    const name = Buffer.from(`key:${number}`);
    const entry = keys.insert(name, 0, name.length);
    const kind = random(5);
    if (kind === 1) keys.setReference(entry, 0, random(2 ** 31) * 1000, 5);
    else if (kind === 2) keys.setReference(entry, 1, random(900), 5);
    else if (kind === 3) keys.setSerialized(entry, 1, 2 ** 40 + random(100_000), 5, 0);
  }
  return keys;
}

it('puts what is in memory first as it came, then what is in files by file and offset', () => {
  const keys = keyspace();
  const place = (entry: number) =>
    keys.kind(entry) === keys.kind(0) ? [0, entry] : [1 + keys.source(entry), keys.offset(entry)];
  const order = [...fileOrder(keys)];
  const sorted = [...order].sort((a, b) => {
    const [first, second] = [place(a), place(b)];
    return first[0] - second[0] || first[1] - second[1] || a - b;
  });
  expect(order).toEqual(sorted);
  expect(new Set(order).size).toBe(keys.count);
});

it('does so in each run', () => {
  const keys = keyspace();
  const runs = fileRuns(keys, 4, (entry) => (entry % 3) + 1);
  const whole = [...fileOrder(keys)];
  expect(runs.map((run) => [...run])).toEqual(
    [0, 1, 2, 3].map((rank) => whole.filter((entry) => (entry % 3) + 1 === rank)),
  );
});
