import { type FormatFault, formatFault } from '../faults.ts';
import { UniqueElements } from './unique-elements.ts';
import { validateZiplist, ziplistHeaderBytes } from './ziplist.ts';
import {
  ziplistElementLength,
  ziplistElementText,
  ziplistEncodingPosition,
  ziplistIntegerHigh,
  ziplistIntegerLow,
  ziplistStringHead,
  ziplistStringLength,
} from './ziplist-entry.ts';

/*
 * What a whole key's ziplist must be beyond sound: the rules of ziplistPairsConvertAndValidateIntegrity in the servers' rdb.c.
 *
 *   type 13 hash         field, value, ...    unique fields
 *   type 12 sorted set   member, score, ...   unique members; neither order nor scores are looked at
 *
 * A blob of no elements passes: a server then skips the key as empty. Ask countZiplist.
 */

const seen = new UniqueElements();

/** Hash fields and values: a sound ziplist of pairs, no field twice. Positions in the flaw count from `from`. */
export function validateHashZiplist(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validatePairs(bytes, from, to);
}

/** Sorted set members and scores: a sound ziplist of pairs, no member twice. */
export function validateSortedSetZiplist(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  return validatePairs(bytes, from, to);
}

function validatePairs(bytes: Uint8Array, from: number, to: number): FormatFault | undefined {
  const unsound = validateZiplist(bytes, from, to);
  if (unsound) return unsound;
  seen.reset(bytes);
  const end = to - 1;
  let count = 0;
  for (let position = from + ziplistHeaderBytes; position < end; count++) {
    const encoding = ziplistEncodingPosition(bytes, position);
    if (count % 2 === 0 && !addElement(bytes, encoding)) {
      const text = JSON.stringify(ziplistElementText(bytes, encoding).slice(0, 64));
      return formatFault('ziplist.duplicate', position - from, 'each member or field once', text);
    }
    position = encoding + ziplistElementLength(bytes, encoding, end);
  }
  return count % 2 === 0
    ? undefined
    : formatFault('ziplist.pairs', to - from - 1, 'an even number of elements', `${count}`);
}

function addElement(bytes: Uint8Array, encoding: number): boolean {
  const code = bytes[encoding];
  if (code >= 0xc0) return seen.addInteger(ziplistIntegerLow(bytes, encoding), ziplistIntegerHigh(bytes, encoding));
  return seen.addBytes(encoding + ziplistStringHead(code), ziplistStringLength(bytes, encoding));
}
