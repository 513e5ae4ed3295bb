/**
 * What DUMP gives and RESTORE takes.
 *
 *   +---------------------------+-----------+-------+----------------------+------------------------+
 *   | F3 metadata (Redis >= 13) | type (u8) | value | u16 LE: RDB version  | u64 LE: CRC-64 so far  |
 *   +---------------------------+-----------+-------+----------------------+------------------------+
 */

import { crc64 } from '../../checksum/crc64.ts';
import { FormatError } from '../../faults.ts';
import { MemorySource } from '../../io/source.ts';
import { ByteWriter } from '../../io/writer.ts';
import type { Flavor } from '../../servers/flavor.ts';
import type { Target } from '../../servers/targets.ts';
import type { Fork } from '../../servers/value-type-id.ts';
import { canonicalType, type RdbFormat, TypeId, typeInFile } from '../../servers/value-type-id.ts';
import type { RestoredPayload } from '../../values/value.ts';
import { RdbInput } from '../input.ts';
import { refusedBySome } from '../load-advice.ts';
import { type LoadCheck, type Refusal, unreadableType } from '../load-check.ts';
import { loadOutcome } from '../load-rules.ts';
import { skipModuleData } from '../module-data.ts';
import { hasNoEvict, Opcode, valkeyVersionMin } from '../opcodes.ts';
import { moduleTypeText } from '../product.ts';
import { ValueCheck, type ValueNote } from '../value-check.ts';
import { checkValue, valueType } from '../value-types.ts';
import { mendedCodes } from '../writer/mended-values.ts';

const footerBytes = 10;
const versionOrChecksum = 'ERR DUMP payload version or checksum are wrong';
const badFormat = 'ERR Bad data format';

/** What a server takes from RESTORE. */
export interface PayloadRules {
  readonly fork: Fork | 'any';
  readonly versionMax: number;
  /** Redis after 8.6 takes a checksum of zero as none, as it propagates such payloads itself (HIMPORT). */
  readonly takesNoChecksum: boolean;
  /** How the server looks at a value, beyond its framing. Without it, all that is wrong is an error that it replies. */
  readonly exam?: LoadCheck;
  /** Told of a payload at which a server ends, or may end, while it loads a log; what it replies otherwise does not end it. */
  readonly onRefusal?: (refusal: Refusal) => void;
  /** Which damaged values are told of too that the server loads without a look: those that nothing can be decoded from, or all. */
  readonly tellsDamage?: 'unreadable' | 'all';
  /** Whether a value is told of that is loaded with its module only. */
  readonly tellsModules?: boolean;
  /** Whether a value is taken whose flaw is put right when it is encoded anew. */
  readonly mends?: boolean;
}

const versions: Record<Flavor, number> = {
  'redis-6.2': 9,
  'redis-7.0': 10,
  'redis-7.2': 11,
  'redis-7.4': 12,
  'redis-8': 17,
  'valkey-8': 11,
  'valkey-9': 80,
  'valkey-9.2': 81,
};

/** The rules of a generation; of redis-8, those of its newest. */
export function payloadRules(flavor: Flavor): PayloadRules {
  const fork = flavor.startsWith('valkey') ? 'valkey' : 'redis';
  return { fork, versionMax: versions[flavor], takesNoChecksum: flavor === 'redis-8' };
}

/** Takes the payloads of every server: of a log whose writer is not known, and is not the server that it is read for. */
export const anyPayload: PayloadRules = { fork: 'any', versionMax: 0xffff, takesNoChecksum: true };

/** Checks version, checksum and structure; gives where the value lies, or the error that the server replies. */
export function checkPayload(bytes: Buffer, rules: PayloadRules): RestoredPayload | string {
  const version = checkFooter(bytes, rules);
  if (version < 0) return versionOrChecksum;
  const fork: Fork = version >= valkeyVersionMin ? 'valkey' : 'redis';
  return checkBody(bytes.subarray(0, -footerBytes), { fork, version }, rules);
}

/** The RDB version of a payload whose footer is right, else -1. */
function checkFooter(bytes: Buffer, rules: PayloadRules): number {
  const end = bytes.length - footerBytes;
  if (end < 0) return -1;
  const version = bytes.readUInt16LE(end);
  if (!takesVersion(version, rules)) return -1;
  const stored = bytes.readBigUInt64LE(end + 2);
  const isUnchecked = stored === 0n && rules.takesNoChecksum;
  return isUnchecked || stored === crc64(bytes, 0, end + 2) ? version : -1;
}

/** The libraries of a FUNCTION RESTORE payload (opcode F5 and the code, each), or the error that the server replies. */
export function checkFunctionPayload(bytes: Buffer, rules: PayloadRules): readonly string[] | string {
  if (checkFooter(bytes, rules) < 0) return versionOrChecksum;
  const body = bytes.subarray(0, -footerBytes);
  const input = new RdbInput(new MemorySource(body, 'FUNCTION RESTORE'), body.length + 1);
  const libraries: string[] = [];
  try {
    while (!input.atEnd()) {
      const opcode = input.byte();
      if (opcode === Opcode.functionPreRelease) return 'ERR Pre-GA function format not supported';
      if (opcode !== Opcode.function2) return 'ERR given type is not a function';
      libraries.push(input.text());
    }
  } catch (error) {
    if (error instanceof FormatError) return 'ERR Failed loading library';
    throw error;
  }
  return libraries;
}

/** What a payload's end says of its RDB version; 0 where it is too short to say anything. */
export const payloadVersion = (bytes: Buffer): number =>
  bytes.length < footerBytes ? 0 : bytes.readUInt16LE(bytes.length - footerBytes);

/** Valkey refuses what only Redis writes: versions 12 to 79 (`rdb-version-check strict`, the default). */
function takesVersion(version: number, rules: PayloadRules): boolean {
  if (version > rules.versionMax) return false;
  return rules.fork !== 'valkey' || version < 12 || version >= valkeyVersionMin;
}

function checkBody(body: Buffer, format: RdbFormat, rules: PayloadRules): RestoredPayload | string {
  const input = new RdbInput(new MemorySource(body, 'RESTORE'), body.length + 1);
  try {
    let type = input.byte();
    // Sources of 8.12 say that the mark travels with DUMP, its documentation that it does not: it is taken and not kept.
    if (type === Opcode.noEvict && hasNoEvict(format)) type = input.byte();
    if (type === Opcode.keyMeta && format.fork === 'redis') {
      skipMetadata(input);
      type = input.byte();
    }
    const isReference = type === TypeId.templateListpackReference || type === TypeId.templateArrayReference;
    if (valueType(type, format) === undefined || isReference) return badFormat;
    const from = input.offset;
    input.takesEncodedLengths = rules.exam !== undefined;
    const check = new ValueCheck(true, new Map(), 0);
    check.ofFormat(format);
    checkValue(input, type, check);
    const nothing = rules.exam?.nothingRefusal(input);
    if (nothing !== undefined) rules.onRefusal?.(nothing);
    if (!takesValue(check, type, rules)) return badFormat;
    if (check.empty && valueType(type, format)?.data !== 'string') return badFormat;
    return { rdbType: canonicalType(type, format), from, to: input.offset };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    noteFault(error, rules);
    return badFormat;
  }
}

/** Whether the server loads the value that was checked; what ends it is told. */
function takesValue(check: ValueCheck, type: number, rules: PayloadRules): boolean {
  const { exam, onRefusal, tellsDamage, mends } = rules;
  if (rules.tellsModules === true && check.moduleName !== '' && !check.isVectorSet) onRefusal?.(moduleNeeded(check));
  if (mends === true && check.notes.length > 0) forgetMended(check);
  const damage =
    check.notes.find(
      ({ severity, code }) => severity === 'error' && !(tellsDamage === 'unreadable' && mendedCodes.has(code)),
    ) ?? (tellsDamage === 'all' ? refusedNote(check, type) : undefined);
  const refusal = exam?.refusal(check, type, 0);
  // A type that it does not know is an error that it replies.
  if (refusal?.code === unreadableType || isReplied(refusal, type)) return false;
  const value = { type: canonicalType(type, check), rebuilt: check.rebuilt };
  if (refusal !== undefined) onRefusal?.({ ...refusal, ...value });
  else if (damage !== undefined && tellsDamage) onRefusal?.({ ...damage, outcome: 'unsure', ...value });
  else return exam !== undefined || damage === undefined;
  return refusal?.outcome === 'unsure' && tellsDamage === undefined;
}

/** What some release refuses, though most load it. */
function refusedNote(check: ValueCheck, type: number): ValueNote | undefined {
  const { notes, rebuilt } = check;
  return notes.find(({ code }) => refusedBySome({ code, type: canonicalType(type, check), rebuilt }));
}

function moduleNeeded({ moduleName }: ValueCheck): Refusal {
  const found = moduleTypeText(moduleName);
  return { outcome: 'unsure', code: 'rdb.module.needed', offset: 0, expected: 'a type of the server itself', found };
}

function forgetMended({ notes }: ValueCheck): void {
  for (let index = notes.length - 1; index >= 0; index--)
    if (mendedCodes.has(notes[index].code)) notes.splice(index, 1);
}

/**
 * What a server takes for bytes that it cannot read, and so replies an error: a score that is no number, and Valkey an expiry of a field
 * that is less than none.
 */
function isReplied(refusal: Refusal | undefined, type: number): boolean {
  if (refusal === undefined) return false;
  const { code, found } = refusal;
  if (code === 'hash.expiry.range') return type === TypeId.hashExpiryPreRelease && found.startsWith('-');
  return code === 'zset.score.text' || isEmptyNode(code, found, type);
}

/** A node of a list without a byte: servers give up at its length, before they look into it. */
function isEmptyNode(code: string, found: string, type: number): boolean {
  if (type !== TypeId.listQuicklist && type !== TypeId.listQuicklist2) return false;
  return (
    (code === 'quicklist.plain' || code === 'ziplist.size' || code === 'listpack.size') && parseInt(found, 10) === 0
  );
}

/** Bytes that are missing are an error that a server replies, bytes that are wrong end it. */
function noteFault(
  { code, offset, expected, found }: FormatError,
  { exam, onRefusal, tellsDamage }: PayloadRules,
): void {
  if ((exam === undefined && tellsDamage === undefined) || code === 'rdb.truncated' || code === 'rdb.string.length')
    return;
  const { target, deep } = exam?.options ?? {};
  const outcome = target && loadOutcome(target, { code, type: -1, rebuilt: false }, deep === true);
  if (outcome !== 'loads') onRefusal?.({ outcome: outcome ?? 'refuses', code, offset, expected, found });
}

function skipMetadata(input: RdbInput): void {
  for (let classes = input.length(); classes > 0; classes--) {
    input.pass(4);
    skipModuleData(input);
  }
}

/** A payload of a value that is already serialized: what RESTORE takes of servers that read this version. `type` is canonical. */
export function encodePayload(type: number, value: Uint8Array, { rdbVersion }: Pick<Target, 'rdbVersion'>): Buffer {
  const out = new ByteWriter(undefined, value.length + 16);
  out.writeByte(typeInFile(type));
  out.writeBytes(value);
  out.writeByte(rdbVersion & 0xff);
  out.writeByte(rdbVersion >> 8);
  out.writeInt64(crc64(out.bytes, 0, out.length));
  return out.view();
}
