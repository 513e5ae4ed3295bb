/**
 * Stream entry ids: two unsigned 64-bit integers, `<ms>-<seq>` in text (Redis 5.0).
 *
 * Each half is a U64: a plain number except for ids beyond 2^53, which only people and tests make up.
 */
import { canonicalU64, type U64, u64Max } from '../encodings/u64.ts';

export type StreamId = { readonly ms: U64; readonly seq: U64 };

/** 0-0: before every entry. */
export const zeroId: StreamId = { ms: 0, seq: 0 };
/** The last id there can be. */
export const lastPossibleId: StreamId = { ms: u64Max, seq: u64Max };

/** Negative, zero or positive as a sorts before, with or after b. */
export function compareIds(a: StreamId, b: StreamId): number {
  return compareParts(a.ms, a.seq, b.ms, b.seq);
}

/** `compareIds` on halves, for callers that hold no objects. */
export function compareParts(aMs: U64, aSeq: U64, bMs: U64, bSeq: U64): number {
  if (aMs === bMs) return aSeq === bSeq ? 0 : aSeq < bSeq ? -1 : 1;
  return aMs < bMs ? -1 : 1;
}

export function isZeroId(id: StreamId): boolean {
  return id.ms === 0 && id.seq === 0;
}

/** The id that follows; undefined after the last possible one. */
export function nextId(id: StreamId): StreamId | undefined {
  if (id.seq !== u64Max) return { ms: id.ms, seq: increment(id.seq) };
  if (id.ms !== u64Max) return { ms: increment(id.ms), seq: 0 };
  return undefined;
}

function increment(value: U64): U64 {
  return typeof value === 'number' && value < Number.MAX_SAFE_INTEGER ? value + 1 : canonicalU64(BigInt(value) + 1n);
}

/** `<ms>-<seq>` */
export function formatId(id: StreamId): string {
  return `${id.ms}-${id.seq}`;
}

/** An id whose sequence the stream chooses: the `<ms>-*` form of XADD (7.0). */
export type PartialId = { readonly ms: U64; readonly seq: U64; readonly sequenceGiven: boolean };

/**
 * Parses `<ms>-<seq>` or `<ms>` (which means `<ms>-<missingSeq>`); undefined where a server answers "Invalid stream ID".
 * What strtoull takes is taken: leading zeros, blanks and a plus sign (string2ull of the servers' util.c).
 */
export function parseId(text: string, missingSeq: U64 = 0): StreamId | undefined {
  if (text.length > 127) return undefined;
  const nul = text.indexOf('\0');
  const whole = nul < 0 ? text : text.slice(0, nul);
  const dash = whole.indexOf('-');
  const ms = parseU64(dash < 0 ? whole : whole.slice(0, dash));
  if (ms === undefined) return undefined;
  if (dash < 0) return { ms, seq: missingSeq };
  const seq = parseU64(whole.slice(dash + 1));
  return seq === undefined ? undefined : { ms, seq };
}

/** As `parseId`, and `<ms>-*` too. */
export function parsePartialId(text: string): PartialId | undefined {
  if (text.endsWith('-*') && text.indexOf('-') === text.length - 2) {
    const ms = text.length > 127 ? undefined : parseU64(text.slice(0, -2));
    return ms === undefined ? undefined : { ms, seq: 0, sequenceGiven: false };
  }
  const id = parseId(text);
  return id && { ms: id.ms, seq: id.seq, sequenceGiven: true };
}

/** As `parseId`, and `-` and `+` for the first and the last possible id. */
export function parseIdOrExtreme(text: string, missingSeq: U64 = 0): StreamId | undefined {
  if (text === '-') return zeroId;
  if (text === '+') return lastPossibleId;
  return parseId(text, missingSeq);
}

function parseU64(text: string): U64 | undefined {
  const length = text.length;
  if (length === 0) return undefined;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9 || i > 14) return parseLikeStrtoull(text);
    value = value * 10 + digit;
  }
  return value;
}

function parseLikeStrtoull(text: string): U64 | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text);
  if (!match || text.startsWith('-')) return undefined;
  const value = BigInt(match[2]);
  if (value > u64Max) return undefined;
  return canonicalU64(match[1] === '-' ? BigInt.asUintN(64, -value) : value);
}
