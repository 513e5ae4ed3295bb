import { countListpack, declaredEntries, ListpackCursor, validateListpack } from '../../encodings/listpack.ts';
import {
  firstExpiryFlaw,
  validateHashExpiryListpack,
  validateHashListpack,
  validateSetListpack,
  validateTemplateListpack,
} from '../../encodings/listpack-aggregates.ts';
import { countZiplist } from '../../encodings/ziplist.ts';
import { validateHashZiplist } from '../../encodings/ziplist-aggregates.ts';
import { countZipmap, validateZipmap } from '../../encodings/zipmap.ts';
import { FormatError } from '../../faults.ts';
import { fieldExpireMax } from '../../limits.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Hashes.
 *
 *     type  4   count × { field | value }                                                         (2.0)
 *     type  9   string: zipmap                                                                    (2.0)
 *     type 13   string: ziplist of field, value                                                   (2.6)
 *     type 16   string: listpack of field, value                                                  (7.0)
 *     type 22   Redis 7.4-rc: count × { expiry, absolute | field | value }
 *               Valkey 9:     count × { field | value | int64 expiry, -1 none }
 *     type 23   Redis 7.4-rc: string: listpack of field, value, expiry
 *     type 24   int64 earliest expiry | count × { 0 or expiry - earliest + 1 | field | value }    (7.4)
 *     type 25   int64 earliest expiry | string: listpack of field, value, expiry                  (7.4)
 *     type 29   fields | string: listpack of id, values       type 31   fields | values           (8.10)
 *     type 30   string: listpack of id, values                type 32   id | values               (8.10)
 */
export function checkHashtableHash(input: RdbInput, check: ValueCheck): void {
  const count = input.count('fields', 2);
  check.empty = count === 0;
  if (count > compactLimits.hashEntries) check.rebuilt = true;
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    check.uniqueString(input, 'field');
    checkFieldValue(input, check);
  }
}

/** Passes over a field's value, after the field. */
function checkFieldValue(input: RdbInput, check: ValueCheck): void {
  const { hashValueBytes } = compactLimits;
  if (check.deep && input.textLength > hashValueBytes) check.rebuilt = true;
  if (!check.deep || check.rebuilt) input.skipString();
  else check.rebuilt = !input.string() || input.textLength > hashValueBytes;
}

export function checkZipmapHash(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  const sound = check.sound(validateZipmap(input.textBytes, input.textStart, end));
  check.empty = sound && countZipmap(input.textBytes, input.textStart, end) === 0;
}

export function checkZiplistHash(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  const sound = check.sound(validateHashZiplist(input.textBytes, input.textStart, end));
  check.empty = sound && countZiplist(input.textBytes, input.textStart, end) === 0;
}

export function checkListpackHash(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  if (entriesOf(input) > 2 * compactLimits.hashEntries) check.rebuilt = true;
  const sound = check.sound(validateHashListpack(input.textBytes, input.textStart, end));
  check.empty = sound && countListpack(input.textBytes, input.textStart, end) === 0;
}

/** Type 22: the forks' different layouts under the same number. */
export function checkExpiryHash22(input: RdbInput, check: ValueCheck): void {
  const count = input.count('fields', 3);
  check.empty = count === 0;
  if (count > compactLimits.hashEntries) check.rebuilt = true;
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    if (check.fork === 'redis') absoluteExpiry(input, check);
    check.uniqueString(input, 'field');
    checkFieldValue(input, check);
    if (check.fork === 'valkey') valkeyExpiry(input, check);
  }
}

function absoluteExpiry(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  const expiry = input.length();
  if (expiry > 0) check.fieldExpires++;
  if (expiry > fieldExpireMax) check.fault('hash.expiry.range', at, '0 to 2^48-1', String(expiry));
}

function valkeyExpiry(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  const expiry = input.milliseconds();
  if (expiry < -1) check.fault('hash.expiry.range', at, 'an expiry, or -1 for none', String(expiry));
  if (expiry !== -1) check.fieldExpires++;
}

export function checkListpackExpiryHashPreRelease(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  if (entriesOf(input) > 3 * compactLimits.hashEntries) check.rebuilt = true;
  const sound = check.sound(validateHashExpiryListpack(input.textBytes, input.textStart, end));
  if (sound) countExpiries(input, check, end);
  else check.sound(firstExpiryFlaw(input.textBytes, input.textStart, end));
}

/** Fields and those among them with an expiry, of a listpack that was found sound. */
function countExpiries(input: RdbInput, check: ValueCheck, end: number): void {
  const cursor = new ListpackCursor(input.textBytes, input.textStart, end);
  let count = 0;
  for (; cursor.next(); count++) {
    if (count % 3 === 2 && cursor.text() !== '0') check.fieldExpires++;
  }
  check.empty = count === 0;
}

export function checkListpackExpiryHash(input: RdbInput, check: ValueCheck): void {
  input.pass(8);
  checkListpackExpiryHashPreRelease(input, check);
}

export function checkHashtableExpiryHash(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  const earliest = input.milliseconds();
  if (earliest < 0 || earliest > fieldExpireMax + 1) {
    check.warn('hash.expiry.earliest', at, '0 to 2^48', String(earliest));
  }
  const count = input.count('fields', 3);
  check.empty = count === 0;
  if (count > compactLimits.hashEntries) check.rebuilt = true;
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    const expiryAt = input.offset;
    const relative = input.length();
    if (relative > 0) {
      check.fieldExpires++;
      const expiry = earliest + relative - 1;
      if (!(expiry >= 0 && expiry <= fieldExpireMax) && !wrapsAround(input, earliest))
        check.fault('hash.expiry.range', expiryAt, '0 to 2^48-1', String(expiry));
    }
    check.uniqueString(input, 'field');
    checkFieldValue(input, check);
  }
}

/** Whether the 64-bit sum of the relative expiry that was just read and the earliest one is in range after all. */
function wrapsAround({ high, low }: RdbInput, earliest: number): boolean {
  const sum = BigInt.asUintN(64, (BigInt(high) << 32n) + BigInt(low) + BigInt(earliest) - 1n);
  return sum <= BigInt(fieldExpireMax);
}

/** Elements of the listpack that was just read, as its header says. */
function entriesOf({ textBytes, textStart, textLength }: RdbInput): number {
  return declaredEntries(textBytes, textStart, textLength);
}

/** Types 29 and 31, the self-contained forms: gives the number of fields that come first. */
function checkOwnFields(input: RdbInput, check: ValueCheck): number {
  const at = input.offset;
  const format = input.length();
  if (format === 1) {
    const count = input.count('field names');
    check.beginMembers();
    for (let index = 0; index < count; index++) check.uniqueString(input, 'field');
    return count;
  }
  if (format !== 0) input.fail('hash.template.fields', 'a form 0 (listpack) or 1 (strings)', String(format), at);
  // The number of fields decides where the value ends, so it is needed even when the value is only passed over.
  if (!check.blob(input, true)) return -1;
  const end = input.textStart + input.textLength;
  if (!check.sound(validateSetListpack(input.textBytes, input.textStart, end))) return -1;
  return countListpack(input.textBytes, input.textStart, end);
}

export function checkTemplateListpack(input: RdbInput, check: ValueCheck): void {
  const fields = checkOwnFields(input, check);
  check.empty = fields === 0;
  if (!check.blob(input) || fields < 0) return;
  check.sound(validateTemplateListpack(input.textBytes, input.textStart, input.textStart + input.textLength, fields));
}

export function checkTemplateArray(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  let fields = checkOwnFields(input, check);
  check.empty = fields === 0;
  if (fields < 0) fields = input.fail('hash.template.fields', 'fields that fit in memory', 'more', at);
  for (let index = 0; index < fields; index++) input.skipString();
}

export function checkTemplateListpackReference(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  if (!check.sound(validateListpack(input.textBytes, input.textStart, end))) return;
  const cursor = new ListpackCursor(input.textBytes, input.textStart, end);
  const id = cursor.next() ? cursor.text() : '';
  const fields = /^\d+$/.test(id) ? check.templates.get(BigInt(id)) : undefined;
  if (fields === undefined) {
    check.fault('hash.template.unknown', at, 'the id of a template of this file', JSON.stringify(id));
    return;
  }
  check.sound(validateTemplateListpack(input.textBytes, input.textStart, end, fields.length));
}

export function checkTemplateArrayReference(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  const id = input.unsigned();
  const fields = check.templates.get(id);
  if (fields === undefined) {
    throw new FormatError('hash.template.unknown', at, 'the id of a template of this file', String(id));
  }
  for (let index = 0; index < fields.length; index++) input.skipString();
}
