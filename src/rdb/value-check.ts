import { FormatError, type FormatFault } from '../faults.ts';
import type { FaultCode } from '../findings.ts';
import type { Fork, RdbFormat } from '../servers/value-type-id.ts';
import { FingerprintSet } from './fingerprints.ts';
import type { RdbInput } from './input.ts';

/** Members of one value beyond which duplicates are no longer looked for: their fingerprints would take too much memory. */
const membersMax = 2_000_000;

/** Something wrong with a value whose framing is sound, so that reading can go on behind it. */
export interface ValueNote extends FormatFault {
  readonly severity: 'error' | 'warning';
}

/** Notes that are kept of one value. */
const notesMax = 10;

/**
 * What a value's check needs and notes. A fault of the framing, behind which nothing can be read, is thrown (FormatError);
 * everything else that is wrong is noted here.
 */
export class ValueCheck {
  fork: Fork = 'redis';
  /** Version of the file's format: what some type numbers mean. */
  version = 0;
  readonly templates: ReadonlyMap<bigint, readonly string[]>;
  /** Whether encoded values are looked through element by element (`sanitize-dump-payload yes`), or only passed over. */
  readonly deep: boolean;
  /** The value turned out to have no elements. */
  empty = false;
  /** The value, or a part of it, was too large to be held and so was only passed over. */
  large = false;
  /** Fields with an expiry of their own. */
  fieldExpires = 0;
  /** Where a stream's part about idempotent producers begins; -1 for none. */
  idempotencyOffset = -1;
  /** It has more elements, or longer ones, than the compact form holds: servers build a table out of it and look at each. */
  rebuilt = false;
  /** Module type that is needed for the value; '' for none. */
  moduleName = '';
  /** It is a vector set: module data of a type that Redis brings along since 8.0. */
  isVectorSet = false;
  readonly notes: ValueNote[] = [];
  private readonly members: FingerprintSet;
  private outerMembers: FingerprintSet | undefined;
  private readonly seed: number;
  /** Where the blob lies that is being validated, and whether its positions are those of the file. */
  private blobOffset = 0;
  private blobInPlace = true;

  constructor(deep: boolean, templates: ReadonlyMap<bigint, readonly string[]>, seed: number) {
    this.deep = deep;
    this.templates = templates;
    this.members = new FingerprintSet(seed);
    this.seed = seed;
  }

  /** The values that follow are of a file of this fork and version. */
  ofFormat({ fork, version }: RdbFormat): void {
    this.fork = fork;
    this.version = version;
  }

  /** Before each value. */
  begin(): void {
    this.empty = this.large = this.rebuilt = false;
    this.fieldExpires = 0;
    this.idempotencyOffset = -1;
    this.moduleName = '';
    this.isVectorSet = false;
    if (this.notes.length > 0) this.notes.length = 0;
  }

  /** Before the members of a value that may not stand twice. */
  beginMembers(): void {
    if (this.members.count > 0) this.members.clear();
  }

  /** Before members of which each has members of its own: gives where the outer ones are noted. */
  beginNested(): FingerprintSet {
    this.outerMembers ??= new FingerprintSet(this.seed);
    if (this.outerMembers.count > 0) this.outerMembers.clear();
    return this.outerMembers;
  }

  /** Reads a string and, in depth, sees to it that it was not there before (`among` others than those of `beginMembers`). */
  uniqueString(
    input: RdbInput,
    what: string,
    { among = this.members, code = 'rdb.value.duplicate' as FaultCode } = {},
  ): void {
    if (!this.deep || among.count >= membersMax) {
      if (this.deep) this.large = true;
      input.skipString();
      return;
    }
    const at = input.offset;
    if (!input.string()) {
      this.large = true;
      return;
    }
    if (among.add(input.textBytes, input.textStart, input.textLength)) return;
    const { textBytes, textStart, textLength } = input;
    const text = textBytes.latin1Slice(textStart, textStart + Math.min(textLength, 64));
    this.fault(code, at, `each ${what} once`, JSON.stringify(text));
  }

  /**
   * Reads a string that holds an encoded value (`input.textBytes`…); false where it need not (unless `needed`) or cannot be
   * looked into.
   */
  blob(input: RdbInput, needed = false): boolean {
    if (!this.deep && !needed && !mayBeEmpty(input)) {
      input.skipString();
      return false;
    }
    this.blobOffset = input.offset;
    if (!input.string()) {
      this.large = true;
      return false;
    }
    this.blobInPlace = input.textBytes === input.bytes;
    if (this.blobInPlace) this.blobOffset = input.base + input.textStart;
    return true;
  }

  /** Where the blob lies that was just read. */
  get blobPlace(): number {
    return this.blobOffset;
  }

  /** Where a flaw of the blob that was just read lies in the file: where the blob begins, for one that was compressed. */
  place(flaw: FormatFault): number {
    return this.blobInPlace ? this.blobOffset + flaw.offset : this.blobOffset;
  }

  /** Notes what a validator found in the blob that was just read; true if that was nothing. */
  sound(flaw: FormatFault | undefined): boolean {
    if (flaw === undefined) return true;
    const offset = this.place(flaw);
    const where = this.blobInPlace ? '' : ` (at byte ${flaw.offset} of the decompressed value)`;
    this.fault(flaw.code, offset, flaw.expected, flaw.found + where);
    return false;
  }

  /**
   * Throws what a validator found in the blob that was just read, of a type whose layout no released server confirms. A flaw whose
   * code begins with `unfit` says that the bytes are something else: then the type is one that is not known here.
   */
  strict(flaw: FormatFault | undefined, unfit: string): void {
    if (flaw === undefined) return;
    const offset = this.blobInPlace ? this.blobOffset + flaw.offset : this.blobOffset;
    const code = flaw.code.startsWith(unfit) ? 'rdb.unsupported.value' : flaw.code;
    throw new FormatError(code, offset, flaw.expected, flaw.found);
  }

  /** Notes what makes the servers of today refuse the value. */
  fault(code: FaultCode, offset: number, expected: string, found: string): void {
    if (this.notes.length < notesMax) this.notes.push({ severity: 'error', code, offset, expected, found });
  }

  /** Notes what only some servers mind. */
  warn(code: FaultCode, offset: number, expected: string, found: string): void {
    if (this.notes.length < notesMax) this.notes.push({ severity: 'warning', code, offset, expected, found });
  }
}

/** Bytes of the largest blob that holds nothing: an empty ziplist's. */
const emptyBlobMax = 11;

/** Whether the string that comes next is so short that it could be a blob without elements, which makes a key that servers skip. */
function mayBeEmpty(input: RdbInput): boolean {
  input.need(1);
  return input.bytes[input.position] <= emptyBlobMax;
}
