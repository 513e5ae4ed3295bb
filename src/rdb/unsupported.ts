import type { FaultCode } from '../findings.ts';
/**
 * What this build does not know, told apart from damage.
 *
 * An unknown number where a value type or an opcode must stand is either damage, or a newer server version, or another product. The
 * file's checksum decides, where it has one: it is over all bytes, so that it can be compared although nothing behind the unknown number
 * can be parsed. Bytes that are as they were written are not damaged.
 */

import { Crc64 } from '../checksum/crc64.ts';
import type { Window } from '../io/window.ts';
import type { Fork } from '../servers/value-type-id.ts';
import { checksumVersionMin, openVersionMin } from './opcodes.ts';

/** `intact`: the checksum of the whole file fits. `changed`: it does not, or its place is not there. `none`: there is none to compare. */
export type Proof = 'intact' | 'changed' | 'none';

/** Codes of faults that may mean that this build does not know something; what they are called then, and what else. */
const causes: Readonly<Record<string, { readonly unsupported: FaultCode; readonly damage: FaultCode }>> = {
  'rdb.type.unknown': { unsupported: 'rdb.unsupported.type', damage: 'rdb.type.unknown' },
  'rdb.opcode.unknown': { unsupported: 'rdb.unsupported.opcode', damage: 'rdb.opcode.unknown' },
  'rdb.string.encoding': { unsupported: 'rdb.unsupported.encoding', damage: 'rdb.string.encoding' },
  'rdb.version.newer': { unsupported: 'rdb.unsupported.version', damage: 'rdb.version.unsupported' },
  'rdb.signature.unknown': { unsupported: 'rdb.unsupported.magic', damage: 'rdb.signature' },
};

/** Whether a fault with this code needs a proof before it can be named. */
export function mayBeUnsupported(code: string): boolean {
  return causes[code] !== undefined;
}

/** What of a file decides what its unknown numbers are. */
export interface WriterFacts {
  readonly fork: Fork;
  readonly version: number;
  /** Another product wrote it. */
  readonly foreign: boolean;
  /** The header is most likely a damaged one of a version that is known: what else the file says contradicts it, or its magic is nearly one. */
  readonly headerDoubted: boolean;
}

/** Unknown types and opcodes that the next versions would take: the numbers grow from the highest type, and down from the lowest opcode. */
const nextNumbers = 24;
const typeMax = { redis: 35, valkey: 23 } as const;
const opcodeMin = 242;

/**
 * The code under which a fault is reported. Bytes that are as they were written are not damaged. What has changed for certain is damage,
 * unless the number is one that a version newer than this build would use where numbers can still be added, or the file is of another
 * product. Where there is no checksum nothing tells, and what may be right is not touched.
 */
export function codeOfFault(code: FaultCode, found: string, facts: WriterFacts, proof: Proof): FaultCode {
  const cause = causes[code];
  if (cause === undefined) return code;
  const isHeader = code === 'rdb.version.newer' || code === 'rdb.signature.unknown';
  if (proof === 'intact' || facts.foreign) return cause.unsupported;
  if (isHeader) {
    const isDamage = facts.headerDoubted && (proof === 'changed' || code === 'rdb.signature.unknown');
    return isDamage ? cause.damage : cause.unsupported;
  }
  if (proof === 'none' || isNextNumber(code, found, facts)) return cause.unsupported;
  return cause.damage;
}

function isNextNumber(code: string, found: string, { fork, version }: WriterFacts): boolean {
  if (version < openVersionMin[fork]) return false;
  const number = Number(found);
  if (code === 'rdb.type.unknown' && number > typeMax[fork] && number <= typeMax[fork] + nextNumbers) return true;
  return code === 'rdb.opcode.unknown' && number < opcodeMin && number >= opcodeMin - nextNumbers;
}

/** A running checksum whose value can be asked for along the way. */
export interface RunningSum {
  update(bytes: Buffer, from: number, to: number): void;
  value(): bigint;
}

const sumBytes = 8;
const chunkBytes = 64 * 1024;

/**
 * Reads on to the end and compares the checksum. `sum` has taken in everything before the window's position. Where commands follow the
 * RDB, its end is wherever the bytes before it have the checksum behind it. Yields now and then, so that other work can go on.
 */
function* proofSteps(input: Window, version: number, sum: RunningSum): Generator<void, Proof> {
  if (version > 0 && version < checksumVersionMin) return 'none';
  for (let more = true; more; ) {
    more = input.ensure(chunkBytes);
    if (passChunk(input, sum)) return 'intact';
    yield;
  }
  const { bytes, position, limit } = input;
  input.position = limit;
  if (limit - position < sumBytes + 1 || bytes[limit - sumBytes - 1] !== 0xff) return 'changed';
  const stored = bytes.readBigUInt64LE(limit - sumBytes);
  if (stored === 0n) return 'none';
  sum.update(bytes, position, limit - sumBytes);
  return sum.value() === stored ? 'intact' : 'changed';
}

/** Sums up what cannot be the last checksum; true where an end is found behind which commands follow. */
function passChunk(input: Window, sum: RunningSum): boolean {
  const { bytes, position, limit } = input;
  const most = limit - sumBytes - 1;
  let done = position;
  for (let at = bytes.indexOf(0xff, position); at >= 0 && at < most; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + sumBytes + 1];
    if (next !== 0x2a && next !== 0x23) continue;
    sum.update(bytes, done, at + 1);
    done = at + 1;
    if (sum.value() === bytes.readBigUInt64LE(done)) {
      input.position = limit;
      return true;
    }
  }
  if (most > done) {
    sum.update(bytes, done, most);
    done = most;
  }
  input.position = done;
  return false;
}

/** `proofSteps` at once. */
export function prove(input: Window, version: number, sum: RunningSum = new Crc64()): Proof {
  const steps = proofSteps(input, version, sum);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** `proofSteps` with pauses. */
export async function proveSlowly(
  input: Window,
  version: number,
  sum: RunningSum,
  pause: (() => Promise<void>) | undefined,
): Promise<Proof> {
  const steps = proofSteps(input, version, sum);
  for (let count = 1; ; count++) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (count % 1024 === 0) await pause?.();
  }
}
