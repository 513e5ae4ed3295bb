import { isVectorSet } from '../codec/module-value.ts';
import { readsType, type Target } from '../targets.ts';
import { TypeId } from '../value-type-id.ts';
import { needsOtherBacklens } from './backlen-check.ts';

/**
 * Whether a serialized value `raw[from, to)` of this canonical type can be copied for a target as it is; where not, it must be decoded
 * and encoded anew.
 */
export function copiesTo(target: Target, type: number, raw: Buffer, from: number, to: number): boolean {
  if (!readsType(target, type)) return false;
  if (type === TypeId.module && target.hasOldVectorNodes && isVectorSet(raw, from, to)) return false;
  return !needsOtherBacklens(type, raw, from, to, target.backlenThreshold);
}
