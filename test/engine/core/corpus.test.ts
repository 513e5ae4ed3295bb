import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Digester } from '../../../src/engine/digest.ts';
import { aofCorpus, describeWithCorpus } from '../../support/corpus.ts';
import { codec, replay, sessionOf } from './replayed.ts';

// The moment at which the digests were recorded is not known; every expiry of the files lies years after this one.
const now = Date.UTC(2026, 0, 1);

describeWithCorpus('AOFs of the servers own test suite', (dir) => {
  for (const file of aofCorpus(dir)) {
    const bytes = readFileSync(file.path);
    it(`${file.name} has the digest that the server gave`, () => {
      const session = sessionOf(bytes, 'redis-8', now);
      replay(session, bytes, 0);
      session.endFile();
      const digester = new Digester({ flavor: 'redis-8', at: now, reader: session.reader, codec });
      expect(digester.dataset(session.dataset)).toBe(file.digest);
    });
  }
});
