import { expect, it } from 'vitest';
import { Digester, xorInto } from '../../../src/engine/digest.ts';
import { Frame } from '../../../src/engine/frame.ts';
import { Keyspace } from '../../../src/engine/keyspace.ts';
import { objectKindMin } from '../../../src/engine/value.ts';
import { sessionOf } from './replayed.ts';

it('the sums of an image and of what it cannot hold make the digest', () => {
  const session = sessionOf(Buffer.alloc(0), 'redis-8', 0);
  for (let index = 0; index < 5000; index++) {
    session.execute(Frame.of(['SET', `key:${index}`, String(index * 7)]));
    if (index % 3 === 0) session.execute(Frame.of(['PEXPIREAT', `key:${index}`, '9000000000000']));
    if (index % 5 === 0) session.execute(Frame.of(['DEL', `key:${index}`]));
    if (index % 7 === 0) session.execute(Frame.of(['RPUSH', `list:${index}`, 'a', 'b']));
    if (index === 3000) session.execute(Frame.of(['SELECT', '3']));
  }
  const { dataset } = session;
  const digester = new Digester({ flavor: 'redis-8', at: 0, reader: session.reader });
  const sums = dataset.occupied().map((index) => {
    const keys = dataset.database(index);
    const image = Keyspace.ofImage(keys.image());
    const entries: number[] = [];
    const objects: number[] = [];
    for (let entry = image.next(-1); entry >= 0; entry = image.next(entry)) {
      (image.kind(entry) < objectKindMin ? entries : objects).push(entry);
    }
    expect([image.count, objects.length > 0]).toEqual([keys.count, true]);
    const sum = digester.sum(keys, objects);
    xorInto(sum, digester.sum(image, entries));
    return { index, sum };
  });
  expect(sums.map(({ index }) => index)).toEqual([0, 3]);
  expect(digester.total(sums)).toBe(digester.dataset(dataset));
});
