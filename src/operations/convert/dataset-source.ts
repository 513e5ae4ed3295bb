import { fillRecord } from '../../dataset/entry-record.ts';
import { fileOrder } from '../../dataset/file-order.ts';
import type { Loaded } from '../../dataset/load.ts';
import { KeyRecord } from '../../rdb/key-record.ts';
import { dataTypeOf } from '../../rdb/value-types.ts';
import { Kind, objectKindMin } from '../../values/value.ts';
import type { KeyReceiver } from './key-receiver.ts';

/** Keys between two pauses. */
const keysBetweenPauses = 1 << 16;

/** Tells a receiver everything of a dataset that was loaded, with values that no command touched still serialized. */
export async function readDataset(loaded: Loaded, receiver: KeyReceiver, pause: () => Promise<void>): Promise<void> {
  for (const code of loaded.dataset.libraries.values()) receiver.function(code);
  const record = new KeyRecord(loaded.codec);
  for (const database of loaded.dataset.occupied()) {
    const keys = loaded.dataset.database(database);
    receiver.database(database, keys.count, keys.expiring);
    const order = fileOrder(keys, (entry) => isPlain(keys, entry));
    for (let index = 0; index < order.length; index++) {
      fillRecord(record, loaded, database, order[index]);
      receiver.key(record);
      if (index % keysBetweenPauses === keysBetweenPauses - 1) await pause();
    }
  }
}

type Keys = ReturnType<Loaded['dataset']['database']>;

/** Strings come last, as in a rewrite. */
function isPlain(keys: Keys, entry: number): boolean {
  const kind = keys.kind(entry);
  return kind === Kind.Serialized ? dataTypeOf(keys.rdbType(entry)) === 'string' : kind < objectKindMin;
}
