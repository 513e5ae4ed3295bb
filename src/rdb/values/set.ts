import { countIntset, duplicateIntsetFlaw, validateIntset } from '../../encodings/intset.ts';
import { countListpack, declaredEntries } from '../../encodings/listpack.ts';
import { validateSetExpiryListpack, validateSetListpack } from '../../encodings/listpack-aggregates.ts';
import type { FaultCode } from '../../findings.ts';
import { fieldExpireMax } from '../../limits.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Sets: type 2 count × string (1.0), type 11 string: intset (2.2), type 20 string: listpack (7.2).
 *
 * With an expiry for each member (Redis 8.12, RDB 16 or 17; no released server confirms the numbers, so all of a value must fit):
 *
 *     type 34   int64 earliest expiry, not looked at | string: listpack of member, expiry or 0
 *     type 35   int64 earliest expiry | count × { 0 or expiry - earliest + 1 | member }
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

/** The flaws of a listpack that is one of pairs with an expiry each, whatever these are. */
const memberFlaws: ReadonlySet<string> = new Set([
  'listpack.duplicate',
  'listpack.expiry.range',
  'listpack.expiry.order',
]);

export function checkListpackExpirySet(input: RdbInput, check: ValueCheck): void {
  input.pass(8);
  if (!check.blob(input, true)) return;
  const end = input.textStart + input.textLength;
  const flaw = validateSetExpiryListpack(input.textBytes, input.textStart, end);
  check.strict(flaw && { ...flaw, code: setCode(flaw.code) }, 'listpack');
  check.empty = countListpack(input.textBytes, input.textStart, end) === 0;
}

/** `listpack.duplicate` becomes `set.expiry.duplicate`, `listpack.expiry.order` becomes `set.expiry.order`. */
function setCode(code: FaultCode): FaultCode {
  return memberFlaws.has(code) ? `set.expiry.${code.slice(code.lastIndexOf('.') + 1)}` : code;
}

export function checkExpirySet(input: RdbInput, check: ValueCheck): void {
  const start = input.offset;
  const earliest = input.milliseconds();
  // A server reads it as unsigned, so that a negative one is too large.
  if (earliest < 0 || earliest > fieldExpireMax) {
    input.fail('set.expiry.range', '0 to 2^48-1', String(earliest), start);
  }
  const count = input.count('members', 2);
  check.empty = count === 0;
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    const at = input.offset;
    const relative = input.length();
    const expiry = relative === 0 ? 0 : earliest + relative - 1;
    if (expiry > fieldExpireMax) input.fail('set.expiry.range', '0 to 2^48-1', String(expiry), at);
    check.uniqueString(input, 'member', { code: 'set.expiry.duplicate' });
  }
}
