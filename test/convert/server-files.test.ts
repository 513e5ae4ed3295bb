/*
 * An RDB for a target, field by field beside the one that the target itself saves after it has loaded ours. Whatever differs
 * is listed here, and with its reason in docs/convert.md.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { convert } from '../../src/index.ts';
import { TypeId, valkeyHashType } from '../../src/rdb/value-type-id.ts';
import { type RawKey, type RdbFile, readRdb } from '../rdb/codec/rdb-file.ts';
import { describeWithServers, startServer, temporaryDir } from '../servers.ts';

const sources = ['redis-6.0-rdb', 'redis-7.0-rdb', 'redis-8.6-rdb', 'valkey-9.1-rdb'];
/** Types that a newer server reads and writes in a form of its own: copied as they are. */
const copiedForms: Readonly<Record<number, readonly number[]>> = {
  [TypeId.set]: [TypeId.setListpack],
  [TypeId.listQuicklist]: [TypeId.listQuicklist2],
  [TypeId.sortedSetZiplist]: [TypeId.sortedSetListpack],
  [TypeId.hashZiplist]: [TypeId.hashListpack],
  [TypeId.stream1]: [TypeId.stream2, TypeId.stream3, TypeId.stream4],
  [TypeId.stream2]: [TypeId.stream3, TypeId.stream4],
  [TypeId.stream3]: [TypeId.stream4],
};
/** Their elements have the order of a table whose hash function has a new seed at every start, or of a graph. */
const unordered: readonly number[] = [
  TypeId.set,
  TypeId.hash,
  TypeId.hashExpiry,
  TypeId.hashListpackExpiry,
  TypeId.module,
  valkeyHashType,
];
/** Of the moment, the machine and the build. */
const ofTheMoment = ['ctime', 'used-mem', 'redis-ver', 'valkey-ver'];

describeWithServers('an RDB beside one of', (name) => {
  it.each(sources)(
    '%s',
    async (source) => {
      const dir = temporaryDir();
      const path = join(dir, 'dump.rdb');
      const options = { to: 'rdb', output: path, target: name, allowLoss: true, at: Date.now() } as const;
      expect((await convert(join(goldenDir(source), 'dump.rdb'), options)).reason).toBe('');
      const ours = readRdb(path);
      const server = await startServer(name, { dir });
      await server.command('SAVE');
      await server.stop();
      expect(differences(ours, readRdb(path))).toEqual([]);
    },
    60_000,
  );
});

function differences(ours: RdbFile, theirs: RdbFile): string[] {
  const found: string[] = [];
  const head = ({ bytes }: RdbFile) => bytes.latin1Slice(0, 9);
  if (head(ours) !== head(theirs)) found.push(`${head(ours)} and ${head(theirs)}`);
  if ([...ours.aux.keys()].join() !== [...theirs.aux.keys()].join()) found.push('names of aux fields');
  for (const [name, value] of ours.aux) {
    if (!ofTheMoment.includes(name) && theirs.aux.get(name) !== value) found.push(`aux field ${name}`);
  }
  if (ours.libraries.join() !== theirs.libraries.join()) found.push('functions');
  const others = new Map(theirs.keys.map((key) => [idOf(key), key]));
  if (others.size !== ours.keys.length) found.push(`${ours.keys.length} keys and ${others.size}`);
  for (const key of ours.keys) {
    const other = others.get(idOf(key));
    const difference = other === undefined ? 'missing' : differenceOf(key, other);
    if (difference !== '') found.push(`${idOf(key)}: ${difference}`);
  }
  return found;
}

const idOf = ({ db, key }: RawKey) => `${db} ${key.latin1Slice()}`;

function differenceOf(ours: RawKey, theirs: RawKey): string {
  if (!Object.is(ours.expire, theirs.expire)) return `expiry ${ours.expire} and ${theirs.expire}`;
  if (ours.type !== theirs.type) {
    return copiedForms[ours.type]?.includes(theirs.type) ? '' : `types ${ours.type} and ${theirs.type}`;
  }
  if (ours.value.equals(theirs.value)) return '';
  const isSameSize = ours.value.length === theirs.value.length;
  return unordered.includes(ours.type) && isSameSize ? '' : `values of type ${ours.type}`;
}
