import type { KeyRecord } from '../rdb/key-record.ts';
import { Kind, objectKindMin } from '../values/value.ts';
import type { Loaded } from './load.ts';

/** Makes `record` the one of an entry of a loaded dataset; valid until the next read of its sources. */
export function fillRecord(record: KeyRecord, loaded: Loaded, database: number, entry: number): void {
  const keys = loaded.dataset.database(database);
  record.database = database;
  record.key = keys.keyBlock(entry);
  record.keyFrom = keys.keyStart(entry);
  record.keyTo = record.keyFrom + keys.keyLength(entry);
  record.expire = keys.expiry(entry);
  record.noEvict = keys.noEvict(entry);
  record.idle = record.freq = -1;
  record.path = '';
  record.offset = record.end = -1;
  const kind = keys.kind(entry);
  record.type = kind === Kind.Serialized ? keys.rdbType(entry) : -1;
  if (kind === Kind.Serialized) {
    record.raw = loaded.sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
    record.rawFrom = 0;
    record.rawTo = record.raw.length;
    const usage = loaded.usage.find(keys.source(entry), keys.offset(entry));
    if (usage !== undefined) {
      record.idle = usage.idle;
      record.freq = usage.freq;
    }
  } else if (kind >= objectKindMin) record.value = keys.object(entry);
  else record.value = kind === Kind.Integer ? keys.integer(entry) : loaded.session.stringBytes(keys, entry);
}
