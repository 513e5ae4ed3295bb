/*
 * In what an RDB for a target may differ from the one that the target itself saves after it has loaded ours, and nothing else:
 * server-files.test.ts looks for it, docs/compatibility.md lists it.
 */
import { ValueCursor } from '../../src/rdb/codec/cursor.ts';
import { decodeStream } from '../../src/rdb/codec/decode-stream.ts';
import { RdbOutput } from '../../src/rdb/output.ts';
import { writeStream } from '../../src/rdb/writer/encode-stream.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import { TypeId, valkeyHashType } from '../../src/servers/value-type-id.ts';
import type { RawKey, RdbFile } from '../rdb/codec/rdb-file.ts';

export const differences = {
  encoding: {
    where: 'value type of a key',
    ours: 'the encoding of the input, if the target reads it: ziplists, quicklists of ziplists, streams of an older form, small sets as hash tables',
    theirs: 'the newest encoding that it writes',
    reason: 'bytes that the target reads are copied, which is fast; the server converts them when it loads them',
  },
  'table order': {
    where: 'elements of sets and hashes that are hash tables',
    ours: 'the order of the input, or of the commands',
    theirs: 'the order of its table',
    reason: 'the hash function has a new seed with every start, so that two saves of one server differ too',
  },
  'expiry order': {
    where: 'fields of a hash that expire at the same moment',
    ours: 'the order of the input',
    theirs: 'another one',
    reason: 'the servers sort by the time only',
  },
  'vector links': {
    where: 'links and node order of a vector set',
    ours: 'those of the input',
    theirs: 'those of the graph that it builds',
    reason: 'the levels of nodes are random; elements, vectors and attributes are the same',
  },
  release: {
    where: 'aux field `redis-ver`, `valkey-ver`',
    ours: "the target's newest patch release when this was written",
    theirs: 'its own',
    reason: 'a target is a minor version, and nothing in the format depends on the patch release',
  },
  moment: {
    where: 'aux fields `ctime`, `used-mem`; messages of idempotent producers that are older than `idmp-duration`',
    ours: 'those of the input',
    theirs: 'those of the time of saving, without the messages',
    reason:
      "they give the data's age and size, which a conversion does not change; a server drops the messages when it loads them",
  },
} as const;

export type Difference = keyof typeof differences;

/** Types that a newer server reads and writes in a form of its own. */
const newerForms: Readonly<Record<number, readonly number[]>> = {
  [TypeId.set]: [TypeId.setListpack],
  [TypeId.listQuicklist]: [TypeId.listQuicklist2],
  [TypeId.sortedSetZiplist]: [TypeId.sortedSetListpack],
  [TypeId.hashZiplist]: [TypeId.hashListpack],
  [TypeId.stream1]: [TypeId.stream2, TypeId.stream3, TypeId.stream4],
  [TypeId.stream2]: [TypeId.stream3, TypeId.stream4],
  [TypeId.stream3]: [TypeId.stream4],
};
/** What orders the elements of a type. */
const orders: Readonly<Record<number, Difference>> = {
  [TypeId.set]: 'table order',
  [TypeId.hash]: 'table order',
  [TypeId.hashExpiry]: 'table order',
  [valkeyHashType]: 'table order',
  [TypeId.hashListpackExpiry]: 'expiry order',
  [TypeId.module]: 'vector links',
};

export interface Compared {
  /** Which of the above there are. */
  readonly known: ReadonlySet<Difference>;
  /** What else differs. */
  readonly others: readonly string[];
}

/** Compares field by field an RDB of ours, made from `source`, with the one that a server saved. */
export function compareFiles(source: RdbFile, ours: RdbFile, theirs: RdbFile): Compared {
  const known = new Set<Difference>();
  const others: string[] = [];
  const head = ({ bytes }: RdbFile) => bytes.latin1Slice(0, 9);
  if (head(ours) !== head(theirs)) others.push(`${head(ours)} and ${head(theirs)}`);
  if ([...ours.aux.keys()].join() !== [...theirs.aux.keys()].join()) others.push('names of aux fields');
  for (const [name, value] of ours.aux) {
    if (theirs.aux.get(name) === value) continue;
    const difference = auxDifference(name, value, source, theirs);
    if (difference === undefined) others.push(`aux field ${name}`);
    else known.add(difference);
  }
  if (ours.libraries.join() !== theirs.libraries.join()) others.push('functions');
  if (theirs.keys.length !== ours.keys.length) others.push(`${ours.keys.length} keys and ${theirs.keys.length}`);
  const [from, to] = [byId(source), byId(theirs)];
  for (const key of ours.keys) {
    const id = idOf(key);
    const difference = keyDifference(from.get(id), key, to.get(id));
    if (difference !== undefined && difference in differences) known.add(difference as Difference);
    else if (difference !== undefined) others.push(`${id}: ${difference}`);
  }
  return { known, others };
}

const idOf = ({ db, key }: RawKey) => `${db} ${key.latin1Slice()}`;
const byId = ({ keys }: RdbFile) => new Map(keys.map((key) => [idOf(key), key]));
const generation = (version = '') => version.split('.').slice(0, 2).join('.');

function auxDifference(name: string, value: string, source: RdbFile, theirs: RdbFile): Difference | undefined {
  if (name === 'redis-ver' || name === 'valkey-ver') {
    return generation(value) === generation(theirs.aux.get(name)) ? 'release' : undefined;
  }
  const isOfMoment = name === 'ctime' || name === 'used-mem';
  return isOfMoment && source.aux.get(name) === value ? 'moment' : undefined;
}

function keyDifference(source: RawKey | undefined, ours: RawKey, theirs: RawKey | undefined): string | undefined {
  if (theirs === undefined) return 'missing';
  if (!Object.is(ours.expire, theirs.expire)) return `expiry ${ours.expire} and ${theirs.expire}`;
  if (ours.type !== theirs.type) {
    const isCopied = source !== undefined && source.type === ours.type && source.value.equals(ours.value);
    const isNewer = newerForms[ours.type]?.includes(theirs.type) === true;
    return isCopied && isNewer ? 'encoding' : `types ${ours.type} and ${theirs.type}`;
  }
  if (ours.value.equals(theirs.value)) return undefined;
  if (ours.type === TypeId.stream4 && remembered(ours).equals(remembered(theirs))) return 'moment';
  const order = ours.value.length === theirs.value.length ? orders[ours.type] : undefined;
  return order ?? `values of type ${ours.type}`;
}

/** A stream of Redis 8.6 without the messages of idempotent producers that a server has forgotten by now. */
function remembered({ value }: RawKey): Buffer {
  const cursor = new ValueCursor();
  cursor.begin(value, 0, value.length);
  const out = new RdbOutput();
  writeStream(out, decodeStream(cursor, 4), findTarget('redis-8.6') as Target, Date.now());
  return Buffer.from(out.bytes.subarray(0, out.length));
}
