import type { FormatError } from '../faults.ts';
import { type FaultCode, type FindingDetails, isUnsupported } from '../findings.ts';
import type { Source } from '../io/source.ts';
import type { Window } from '../io/window.ts';
import { guessHeader } from '../rdb/header-guess.ts';
import { RdbInput } from '../rdb/input.ts';
import {
  isOwnNumber,
  type Product,
  productOfFork,
  productOfHead,
  productOfNumber,
  productText,
} from '../rdb/product.ts';
import type { RdbReader } from '../rdb/reader.ts';
import { codeOfFault, mayBeUnsupported, type Proof, prove, proveSlowly } from '../rdb/unsupported.ts';
import type { Fork } from '../servers/value-type-id.ts';

/** A fault under the code that it is reported with, and what is said of it beside. */
export interface NamedFault {
  readonly code: FaultCode;
  readonly details: FindingDetails;
  /** What the checksum of the whole file says; undefined where it was not asked. */
  readonly proof?: Proof;
}

const headBytes = 4096;

/**
 * Names a fault at which a reader has stopped: damage, or something that this build does not know. Reads on to the end of the input
 * where the file's checksum must decide that, which takes the reader's own running checksum on; a reader without one leaves the
 * question open.
 */
export async function nameFault(
  fault: FormatError,
  reader: RdbReader,
  pause?: () => Promise<void>,
): Promise<NamedFault> {
  if (!mayBeUnsupported(fault.code)) return { code: fault.code, details: detailsOf(fault.code, fault, reader) };
  const { input, version, crc } = reader;
  const head = input.base === 0 ? Buffer.from(input.bytes.subarray(0, Math.min(input.limit, headBytes))) : undefined;
  input.stopChecksum();
  const proof = crc === undefined ? 'none' : await proveSlowly(input, version, crc, pause);
  return named(fault, reader, head, proof);
}

/** `nameFault` for a reader that has no running checksum, or whose input cannot go on: `source` is the same file from its start. */
export function nameFaultOf(fault: FormatError, reader: Writer, source: Source): NamedFault {
  if (!mayBeUnsupported(fault.code)) return { code: fault.code, details: detailsOf(fault.code, fault, reader) };
  const input: Window = new RdbInput(source);
  input.ensure(headBytes);
  const head = Buffer.from(input.bytes.subarray(input.position, Math.min(input.limit, headBytes)));
  return named(fault, reader, head, prove(input, reader.version));
}

/** What a reader knows of who wrote the file. */
export interface Writer {
  readonly fork: Fork;
  readonly version: number;
  readonly product: Product | undefined;
}

/** The name of a fault where it is known what the checksum says. `head`: the file's first bytes. */
export function named(fault: FormatError, reader: Writer, head: Buffer | undefined, proof: Proof): NamedFault {
  const product = reader.product ?? (head && productOfHead(head));
  const { fork, version } = reader;
  const isItem = fault.code === 'rdb.type.unknown' || fault.code === 'rdb.opcode.unknown';
  const foreign = isItem && isOwnNumber(product, Number(fault.found));
  const headerDoubted = head !== undefined && guessHeader(head) !== undefined;
  const code = codeOfFault(fault.code, fault.found, { fork, version, foreign, headerDoubted }, proof);
  return { code, proof, details: detailsOf(code, fault, { ...reader, fork, version, product }, proof) };
}

function detailsOf(code: string, { found }: FormatError, writer: Writer, proof?: Proof): FindingDetails {
  if (!isUnsupported(code)) return {};
  const own = code === 'rdb.unsupported.magic' ? undefined : (writer.product ?? productOfFork(writer.fork));
  const isItem = code === 'rdb.unsupported.type' || code === 'rdb.unsupported.opcode';
  const number = isItem ? Number(found) : -1;
  const product =
    own === undefined || own.name === 'Redis' || own.name === 'Valkey' ? (productOfNumber(number) ?? own) : own;
  const what = code.slice('rdb.unsupported.'.length);
  const subject = { version: 'RDB version', type: 'type or opcode', opcode: 'opcode', encoding: 'string encoding' }[
    what
  ];
  const by = product === undefined ? '' : ` (${productText(product)})`;
  const message = `${subject ?? what} ${found}${by} is not known to this build of aofkit${established(proof)}`;
  return { message, product: product && productText(product), repairable: false };
}

function established(proof: Proof | undefined): string {
  if (proof === 'intact') return '; the checksum of the whole file fits, so that its bytes are as they were written';
  if (proof === 'changed') return '; the last bytes are not the checksum of the whole file';
  return proof === 'none'
    ? '; the file has no checksum that would tell whether its bytes are as they were written'
    : '';
}
