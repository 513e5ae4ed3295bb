import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Digester } from '../../../src/engine/digest.ts';
import type { Session } from '../../../src/engine/session.ts';
import type { HashValue } from '../../../src/values/hash.ts';
import type { ListValue } from '../../../src/values/list.ts';
import type { SetValue } from '../../../src/values/set.ts';
import type { SortedSetValue } from '../../../src/values/sorted-set.ts';
import { Kind, objectKindMin } from '../../../src/values/value.ts';
import { flavorOfServer } from '../../digest/flavors.ts';
import { LoadingServer } from '../../rewrite/loader.ts';
import { encodeCommand } from '../../support/reply.ts';
import { describeWithServers, temporaryDir } from '../../support/servers.ts';
import { cases } from './cases.ts';
import { replay, sessionOf } from './replayed.ts';

/** The log as an AOF. */
function encode(log: readonly string[]): Buffer {
  return Buffer.concat(log.map((line) => encodeCommand(line.split(' '))));
}

function replayed(log: readonly string[], flavor?: Parameters<typeof sessionOf>[1]): Session {
  const bytes = encode(log);
  const session = sessionOf(bytes, flavor, Date.now());
  replay(session, bytes, 0);
  return session;
}

/** What a key holds, as a case states it. */
function contentOf(session: Session, key: string): string | string[] | undefined {
  const { keys } = session;
  const entry = keys.find(Buffer.from(key, 'latin1'), 0, key.length);
  if (entry < 0) return undefined;
  const kind = session.kind(entry);
  if (kind < objectKindMin) return session.stringBytes(keys, entry).latin1Slice();
  const value = keys.object(entry);
  if (kind === Kind.List) return Array.from((value as ListValue).values());
  if (kind === Kind.Set) return Array.from((value as SetValue).values()).sort();
  if (kind === Kind.Hash) return Array.from((value as HashValue).entries(), ([field]) => field).sort();
  return Array.from((value as SortedSetValue).ordered(), ([member]) => member).sort();
}

describe('a replayed log', () => {
  it.each(cases)('$name', ({ log, holds }) => {
    const session = replayed(log);
    const found = Object.fromEntries(Object.keys(holds).map((key) => [key, contentOf(session, key)]));
    expect(found).toEqual(holds);
  });
});

describeWithServers('a log as a server loads it', (name) => {
  it('leaves the same keys', async () => {
    const loader = await LoadingServer.start(name);
    const path = join(temporaryDir(), 'log.aof');
    for (const { name: title, log, except } of cases) {
      if (except?.includes(name)) continue;
      writeFileSync(path, encode(log));
      const session = replayed(log, flavorOfServer[name]);
      const digester = new Digester({
        flavor: flavorOfServer[name],
        at: Date.now(),
        codec: session.codec,
        reader: session.reader,
      });
      expect(digester.dataset(session.dataset), title).toBe(await loader.digestOf(path, 'aof'));
    }
    await loader.stop();
  });
});
