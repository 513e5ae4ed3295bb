import { type KeyFilterOptions, keyTest } from '../dataset/filter.ts';
import { type SlotRange, slotOf } from '../engine/slot.ts';
import type { KeyRecord } from '../rdb/key-record.ts';

/** Which keys are told. What a key must be decoded or measured for is only looked at where it is asked for. */
export interface KeySelection extends KeyFilterOptions {
  /** The name, a binary string (one character a byte), must match. */
  readonly regex?: RegExp;
  readonly minElements?: number;
  /** Bytes of the estimate of what the key takes in memory. */
  readonly minBytes?: number;
  readonly maxBytes?: number;
  /** Keys that expire before this moment, milliseconds since 1970, those that are past included. */
  readonly expiringBefore?: number;
  /** Keys that never expire. */
  readonly withoutExpiry?: boolean;
  readonly slots?: readonly SlotRange[];
}

/** What a selection asks of a key beyond the record itself. */
export interface KeyMeasures {
  elements(record: KeyRecord): number;
  bytes(record: KeyRecord): number;
}

export type RecordTest = (record: KeyRecord) => boolean;

/** A predicate for a selection; undefined where every key passes. The cheap tests come first. */
export function recordTest(selection: KeySelection, measures: KeyMeasures): RecordTest | undefined {
  const tests: RecordTest[] = [];
  const { regex, minElements, minBytes, maxBytes, expiringBefore, withoutExpiry, slots } = selection;
  if (withoutExpiry) tests.push((record) => Number.isNaN(record.expire));
  if (expiringBefore !== undefined) tests.push((record) => record.expire < expiringBefore);
  const basic = keyTest(selection);
  if (basic !== undefined) tests.push(basic);
  if (slots !== undefined)
    tests.push(({ key, keyFrom, keyTo }) => {
      const slot = slotOf(key, keyFrom, keyTo - keyFrom);
      return slots.some(({ first, last }) => slot >= first && slot <= last);
    });
  if (regex !== undefined) tests.push((record) => regex.test(record.name));
  if (minElements !== undefined) tests.push((record) => measures.elements(record) >= minElements);
  if (minBytes !== undefined) tests.push((record) => measures.bytes(record) >= minBytes);
  if (maxBytes !== undefined) tests.push((record) => measures.bytes(record) <= maxBytes);
  if (tests.length === 0) return undefined;
  return (record) => tests.every((test) => test(record));
}
