import type { KeyRecord } from '../../rdb/key-record.ts';
import { TypeId, valkeyHashType } from '../../servers/value-type-id.ts';
import { HashValue } from '../../values/hash.ts';
import type { TtlPolicy } from './options.ts';

/** Types whose fields may expire. */
const expiringTypes: ReadonlySet<number> = new Set([
  TypeId.hashExpiryPreRelease,
  TypeId.hashListpackExpiryPreRelease,
  TypeId.hashExpiry,
  TypeId.hashListpackExpiry,
  valkeyHashType,
]);

/** What becomes of a moment, milliseconds since 1970; NaN is never. */
type MomentChange = (moment: number) => number;

/** What changes when a key and the fields of a hash expire; undefined where all stay. */
export function momentChange(policy: TtlPolicy): ((record: KeyRecord) => void) | undefined {
  if (policy.kind === 'drop') return (record) => changeMoments(record, () => Number.NaN);
  // A moment before 1970 is past all the same, and not every form can hold it.
  const later = policy.kind === 'shift' ? policy.milliseconds : undefined;
  return later === undefined ? undefined : (record) => changeMoments(record, (moment) => Math.max(moment + later, 1));
}

function changeMoments(record: KeyRecord, change: MomentChange): void {
  if (!Number.isNaN(record.expire)) record.expire = change(record.expire);
  if (record.type >= 0) {
    if (!expiringTypes.has(record.type)) return;
    record.value = record.decoded();
    record.type = -1;
  }
  if (record.value instanceof HashValue && record.value.hasExpiries) record.value = withMoments(record.value, change);
}

function withMoments(hash: HashValue, change: MomentChange): HashValue {
  const changed = new HashValue(hash.count);
  for (const [field, value] of hash.entries()) {
    changed.set(field, value);
    const moment = hash.expiry(field);
    const moved = Number.isNaN(moment) ? moment : change(moment);
    if (!Number.isNaN(moved)) changed.expire(field, moved);
  }
  return changed;
}
