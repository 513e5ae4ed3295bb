/* An RDB file as a dataset of the engine, every value decoded: for its digest. */
import { Dataset } from '../../../src/engine/dataset.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import type { SetValue } from '../../../src/values/set.ts';
import { OwnString, type Value } from '../../../src/values/value.ts';
import type { RdbFile } from './rdb-file.ts';

/** DEBUG DIGEST of a server of that generation that has loaded the file at `at`: a key past its time and an empty one are gone. */
export function digestOf(file: RdbFile, flavor: Flavor, at: number): string {
  const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
  const dataset = new Dataset(1 << 20);
  for (const { db, key, type, value, expire } of file.keys) {
    if (expire < at) continue;
    const decoded = codec.decode(type, value, 0, value.length);
    if (isEmpty(decoded)) continue;
    const keys = dataset.database(db);
    const entry = keys.insert(key, 0, key.length);
    if (typeof decoded === 'number') keys.setInteger(entry, decoded);
    else if (decoded instanceof Uint8Array) keys.setOwn(entry, new OwnString(Buffer.from(decoded)));
    else keys.setObject(entry, decoded);
    if (!Number.isNaN(expire)) keys.setExpiry(entry, expire);
  }
  return new Digester({ flavor, at }).dataset(dataset);
}

function isEmpty(value: Value): boolean {
  if (typeof value === 'number' || value instanceof Uint8Array) return false;
  return (value as SetValue).count === 0 && !('lastId' in value);
}
