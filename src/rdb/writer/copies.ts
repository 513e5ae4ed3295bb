import { readsType, type Target } from '../../servers/targets.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import { isVectorSet } from '../codec/module-value.ts';
import { needsOtherBacklens } from './backlen-check.ts';
import { isMended } from './mended-values.ts';

/** A score of -0 as a skiplist of each type holds it: as text behind its length, or as a double. */
const negativeZeros: Readonly<Record<number, Buffer>> = {
  [TypeId.sortedSetText]: Buffer.from('\x02-0', 'latin1'),
  [TypeId.sortedSet]: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x80]),
};

/**
 * Whether a target that loads a small sorted set of this type gives up the sign of a score of -0, which a server before 7.0 keeps: a
 * skiplist becomes a listpack there, one score after the other. A listpack that holds the text "-0" stays as it is.
 */
export function losesNegativeZero(target: Target, type: number): boolean {
  return target.usesListpacks && negativeZeros[type] !== undefined;
}

/** Whether some score of these bytes, records or values of type 5, may be a -0. */
export function mayHoldNegativeZero(bytes: Buffer, from: number, to: number): boolean {
  return bytes.subarray(from, to).includes(negativeZeros[TypeId.sortedSet]);
}

/**
 * Whether a serialized value `raw[from, to)` of this canonical type can be copied for a target as it is; where not, it must be decoded
 * and encoded anew. `keepsNegativeZero`: it is of a server that keeps the sign of a score of -0 in a small sorted set.
 */
export function copiesTo(
  target: Target,
  type: number,
  raw: Buffer,
  from: number,
  to: number,
  keepsNegativeZero = false,
): boolean {
  if (!readsType(target, type)) return false;
  if (keepsNegativeZero && losesNegativeZero(target, type) && raw.subarray(from, to).includes(negativeZeros[type]))
    return false;
  if (type === TypeId.module && target.hasOldVectorNodes && isVectorSet(raw, from, to)) return false;
  if (isMended(target, type, raw, from, to)) return false;
  return !needsOtherBacklens(type, raw, from, to, target.backlenThreshold);
}
