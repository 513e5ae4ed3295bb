import { compactLimits } from '../compact-limits.ts';
import { countIntset, duplicateIntsetFlaw, validateIntset } from '../encodings/intset.ts';
import { countListpack, declaredEntries } from '../encodings/listpack.ts';
import { validateSetListpack } from '../encodings/listpack-aggregates.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Sets: type 2 count × string (1.0), type 11 string: intset (2.2), type 20 string: listpack (7.2).
 */
export function checkHashtableSet(input: RdbInput, check: ValueCheck): void {
  const count = input.count('members');
  check.empty = count === 0;
  check.beginMembers();
  for (let index = 0; index < count; index++) check.uniqueString(input, 'member');
}

export function checkIntsetSet(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  const sound = check.sound(validateIntset(input.textBytes, input.textStart, end));
  if (!sound && countIntset(input.textBytes, input.textStart, end) > compactLimits.intsetEntries) {
    check.sound(duplicateIntsetFlaw(input.textBytes, input.textStart, end));
  }
  check.empty = sound && countIntset(input.textBytes, input.textStart, end) === 0;
}

export function checkListpackSet(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  const { setEntries } = compactLimits;
  if (declaredEntries(input.textBytes, input.textStart, input.textLength) > setEntries) check.rebuilt = true;
  const sound = check.sound(validateSetListpack(input.textBytes, input.textStart, end));
  check.empty = sound && countListpack(input.textBytes, input.textStart, end) === 0;
}
