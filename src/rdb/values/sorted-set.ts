import { decodeDoubleText, doubleTextLength, endsInExponent, isNanText } from '../../encodings/double.ts';
import { countListpack, declaredEntries, ListpackCursor } from '../../encodings/listpack.ts';
import { validateSortedSetListpack } from '../../encodings/listpack-aggregates.ts';
import { nanScoreFlaw, type PairCursor } from '../../encodings/score-order.ts';
import { countZiplist, ZiplistCursor } from '../../encodings/ziplist.ts';
import { validateSortedSetZiplist } from '../../encodings/ziplist-aggregates.ts';
import { EncodingError } from '../../faults.ts';
import type { FaultCode } from '../../findings.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Sorted sets.
 *
 *     type  3   count × { member | score as text: length byte + digits, 253 NaN, 254 +inf, 255 -inf }   (1.1)
 *     type  5   count × { member | score as 8-byte double }                                             (4.0)
 *     type 12   string: ziplist of member, score                                                        (2.4)
 *     type 17   string: listpack of member, score                                                       (7.0)
 */
export function checkTextScoreSet(input: RdbInput, check: ValueCheck): void {
  const count = input.count('members', 2);
  check.empty = count === 0;
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    check.uniqueString(input, 'member');
    checkTextScore(input, check);
  }
}

function checkTextScore(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  input.need(1);
  const length = doubleTextLength(input.bytes[input.position]);
  input.need(length);
  const { bytes, position } = input;
  input.position += length;
  try {
    if (Number.isNaN(decodeDoubleText(bytes, position, position + length)))
      check.fault('zset.score.nan', at, 'a score', 'NaN');
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    const text = bytes.latin1Slice(position + 1, position + length);
    check.fault(scoreTextCode(text), at, error.expected, error.found);
  }
}

function scoreTextCode(text: string): FaultCode {
  if (isNanText(text)) return 'zset.score.nan';
  return endsInExponent(text) ? 'zset.score.exponent' : 'zset.score.text';
}

export function checkDoubleScoreSet(input: RdbInput, check: ValueCheck): void {
  const count = input.count('members', 9);
  check.empty = count === 0;
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    check.uniqueString(input, 'member');
    const at = input.offset;
    if (Number.isNaN(input.double())) check.fault('zset.score.nan', at, 'a score', 'NaN');
  }
}

export function checkZiplistSortedSet(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  const sound = check.sound(validateSortedSetZiplist(input.textBytes, input.textStart, end));
  check.empty = sound && countZiplist(input.textBytes, input.textStart, end) === 0;
  if (!sound) return;
  if (countZiplist(input.textBytes, input.textStart, end) > 2 * compactLimits.sortedSetEntries) check.rebuilt = true;
  noteNan(input, check, new ZiplistCursor(input.textBytes, input.textStart, end));
}

export function checkListpackSortedSet(input: RdbInput, check: ValueCheck): void {
  if (!check.blob(input)) return;
  const end = input.textStart + input.textLength;
  const { sortedSetEntries } = compactLimits;
  if (declaredEntries(input.textBytes, input.textStart, input.textLength) > 2 * sortedSetEntries) check.rebuilt = true;
  const sound = check.sound(validateSortedSetListpack(input.textBytes, input.textStart, end));
  check.empty = sound && countListpack(input.textBytes, input.textStart, end) === 0;
  if (sound) noteNan(input, check, new ListpackCursor(input.textBytes, input.textStart, end));
}

/** A score that is NaN: servers find it where they look at all scores, that is in a set too large for the compact form; Valkey 9.1 always. */
function noteNan(input: RdbInput, check: ValueCheck, cursor: PairCursor): void {
  const found = nanScoreFlaw(cursor, input.textStart);
  if (found !== undefined) check.warn(found.code, check.place(found), found.expected, found.found);
}
