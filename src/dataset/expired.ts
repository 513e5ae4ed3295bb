import type { Keyspace } from '../engine/keyspace.ts';
import { dataTypeOf } from '../rdb/value-types.ts';
import type { HashValue } from '../values/hash.ts';
import { Kind } from '../values/value.ts';
import type { Loaded } from './load.ts';

/** Keys that are past their time at `at`, milliseconds since 1970. */
export function countPast({ dataset }: Loaded, at: number): number {
  let count = 0;
  for (const index of dataset.occupied()) {
    const keys = dataset.database(index);
    if (keys.expiring === 0) continue;
    for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) if (keys.expiry(entry) < at) count++;
  }
  return count;
}

/** Removes keys and fields of hashes that are past their time, and hashes that had no others; how many keys those were. */
export function dropPast(loaded: Loaded, at: number): number {
  const { dataset } = loaded;
  let count = 0;
  for (const index of dataset.occupied()) {
    const keys = dataset.database(index);
    const past: number[] = [];
    for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry))
      if (keys.expiry(entry) < at || losesAllFields(loaded, keys, entry, at)) past.push(entry);
    for (const entry of past) keys.remove(entry);
    count += past.length;
  }
  return count;
}

/** Takes the fields that are past their time out of a hash; whether none is left. */
function losesAllFields({ codec, sources }: Loaded, keys: Keyspace, entry: number, at: number): boolean {
  const kind = keys.kind(entry);
  let hash: HashValue;
  if (kind === Kind.Hash) hash = keys.object(entry) as HashValue;
  else if (kind === Kind.Serialized && dataTypeOf(keys.rdbType(entry)) === 'hash') {
    const bytes = sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
    hash = codec.decode(keys.rdbType(entry), bytes, 0, bytes.length) as HashValue;
  } else return false;
  if (!hash.hasExpiries) return false;
  // The value may be shared with another key.
  const rest = hash.copy();
  for (const [field] of [...hash.entries()]) if (hash.expiry(field) < at) rest.delete(field);
  if (rest.count > 0) keys.setObject(entry, rest);
  return rest.count === 0;
}
