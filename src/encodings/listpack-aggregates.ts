import { type FormatFault, formatFault } from '../faults.ts';
import { fieldExpireMax } from '../limits.ts';
import { entryFlaw, validateCount, validateListpackHeader } from './listpack.ts';
import {
  integerEntryHigh,
  integerEntryLow,
  isIntegerEntry,
  listpackEntryNumber,
  listpackEntryText,
  listpackHeaderBytes,
  nextListpackEntry,
  stringEntryHead,
  stringEntryLength,
} from './listpack-entry.ts';
import { UniqueElements } from './unique-elements.ts';

/*
 * What a whole key's listpack must be beyond sound: the rules of lpValidateIntegrityAndDups in the servers' rdb.c.
 *
 *   type 20 set            member, ...                 unique
 *   type 16 hash           field, value, ...           unique fields
 *   type 17 sorted set     member, score, ...          unique members; neither order nor scores are looked at
 *   type 23, 25 hash+TTL   field, value, expiry, ...   unique fields, ascending expiry (0 = none, those last)
 *   type 29, 30 template   id, value, ...              one value for each of the template's fields
 *   type 34 set+TTL        member, expiry, ...         unique members, ascending expiry (0 = none, those last)
 *
 * A blob of no elements passes: a server then skips the key as empty. Ask countListpack.
 */

const seen = new UniqueElements();

/** Set members: a sound listpack without duplicates. Positions count from `from`. */
export function validateSetListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validateTuples(bytes, from, to, 1);
}

/** Hash fields and values: a sound listpack of pairs, no field twice. */
export function validateHashListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validateTuples(bytes, from, to, 2);
}

/** Sorted set members and scores: a sound listpack of pairs, no member twice. Scores: see score-order.ts. */
export function validateSortedSetListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validateTuples(bytes, from, to, 2);
}

/** Hash with field expiry (types 23, 25): triples; expiry an integer entry in 0..2^48-1 ms, ascending, zeros last. */
export function validateHashExpiryListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validateTuples(bytes, from, to, 3, 2);
}

/** Set with member expiry (type 34; Redis 8.12): pairs; expiry as in a hash. */
export function validateSetExpiryListpack(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validateTuples(bytes, from, to, 2, 1);
}

/** Values of a hash template (types 29, 30; Redis 8.10): an integer id >= 0, then `fieldCount` values. */
export function validateTemplateListpack(
  bytes: Uint8Array,
  from: number,
  to: number,
  fieldCount: number,
): FormatFault | undefined {
  const unsound = validateTuples(bytes, from, to, 0);
  if (unsound) return unsound;
  const first = from + listpackHeaderBytes;
  const end = to - 1;
  const isId = first < end && isIntegerEntry(bytes[first]) && integerEntryHigh(bytes, first) >= 0;
  if (!isId) {
    return formatFault(
      'listpack.template.id',
      listpackHeaderBytes,
      'an integer template id',
      first < end ? 'other' : 'none',
    );
  }
  let count = -1;
  for (let position = first; position < end; count++) position = nextListpackEntry(bytes, position, end);
  if (count === fieldCount) return undefined;
  return formatFault('listpack.template.count', to - from - 1, `${fieldCount} values`, `${count}`);
}

/** Tuples of `size` elements whose first one is unique and of which number `expiryPart` is an expiry. Size 0: anything goes. */
function validateTuples(
  bytes: Uint8Array,
  from: number,
  to: number,
  size: number,
  expiryPart = -1,
): FormatFault | undefined {
  const header = validateListpackHeader(bytes, from, to);
  if (header) return header;
  if (size > 0) seen.reset(bytes);
  const end = to - 1;
  let position = from + listpackHeaderBytes;
  let count = 0;
  let part = 0;
  let expiry = -1;
  while (position < end) {
    const next = nextListpackEntry(bytes, position, end);
    if (next < 0) return entryFlaw(bytes, from, position, end);
    if (part === 0 && size > 0 && !addElement(bytes, position)) return duplicateFlaw(bytes, from, position);
    if (part === expiryPart) {
      const wrong = validateExpiry(bytes, from, position, expiry);
      if (wrong) return wrong;
      expiry = listpackEntryNumber(bytes, position);
    }
    position = next;
    count++;
    if (++part >= size) part = 0;
  }
  if (part !== 0) return formatFault('listpack.tuple', to - from - 1, `a multiple of ${size} elements`, `${count}`);
  return validateCount(bytes, from, count);
}

/**
 * The first expiry of a hash's listpack (types 23, 25), which a server reads whatever is set: a flaw where that ends it. Nothing for
 * one that ends before it.
 */
export function firstExpiryFlaw(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  if (validateListpackHeader(bytes, from, to)) return undefined;
  const end = to - 1;
  let position = from + listpackHeaderBytes;
  for (let element = 0; element < 3; element++) {
    if (position >= end || bytes[position] === 0xff) return undefined;
    const next = nextListpackEntry(bytes, position, end);
    if (next < 0) return formatFault('listpack.expiry.first', position - from, 'a sound element', 'another');
    if (element < 2) position = next;
  }
  if (!isIntegerEntry(bytes[position]))
    return formatFault('listpack.expiry.first', position - from, 'an integer', 'a text');
  const expiry = listpackEntryNumber(bytes, position);
  return expiry < 0 ? formatFault('listpack.expiry.negative', position - from, 'an expiry', `${expiry}`) : undefined;
}

function addElement(bytes: Uint8Array, position: number): boolean {
  const first = bytes[position];
  if (isIntegerEntry(first)) {
    return seen.addInteger(integerEntryLow(bytes, position), integerEntryHigh(bytes, position));
  }
  return seen.addBytes(position + stringEntryHead(first), stringEntryLength(bytes, position));
}

function duplicateFlaw(bytes: Uint8Array, from: number, position: number): FormatFault {
  const text = JSON.stringify(listpackEntryText(bytes, position).slice(0, 64));
  return formatFault('listpack.duplicate', position - from, 'each member or field once', text);
}

function validateExpiry(bytes: Uint8Array, from: number, position: number, previous: number): FormatFault | undefined {
  const at = position - from;
  if (!isIntegerEntry(bytes[position])) {
    return formatFault(
      'listpack.expiry.integer',
      at,
      'an integer',
      JSON.stringify(listpackEntryText(bytes, position).slice(0, 64)),
    );
  }
  const expiry = listpackEntryNumber(bytes, position);
  if (expiry < 0 || expiry > fieldExpireMax) {
    return formatFault('listpack.expiry.range', at, `0 to ${fieldExpireMax} ms`, `${expiry}`);
  }
  if (expiry !== 0 && (previous === 0 || expiry < previous)) {
    const expected = previous === 0 ? '0, as fields without expiry come last' : `at least ${previous}`;
    return formatFault('listpack.expiry.order', at, expected, `${expiry}`);
  }
  return undefined;
}
