import { named } from '../../../aof/name-fault.ts';
import { append } from '../../../arrays.ts';
import type { Sources } from '../../../dataset/sources.ts';
import { FormatError } from '../../../faults.ts';
import { isUnsupported } from '../../../findings.ts';
import { escapeBytes } from '../../../io/text.ts';
import { blobBytesMax } from '../../../limits.ts';
import { declaredElements } from '../../../rdb/declared-elements.ts';
import { DuplicateKeys } from '../../../rdb/duplicate-keys.ts';
import { forkOf, guessHeader, headerContradiction, isWhole, magicOf } from '../../../rdb/header-guess.ts';
import { RdbInput } from '../../../rdb/input.ts';
import { checksumVersionMin, Opcode, valkeyVersionMin, versionMax } from '../../../rdb/opcodes.ts';
import { saysOfLastKey } from '../../../rdb/product.ts';
import { Item, RdbReader } from '../../../rdb/reader.ts';
import { mayBeUnsupported, type Proof, prove } from '../../../rdb/unsupported.ts';
import { ValueCheck } from '../../../rdb/value-check.ts';
import { checkValue, valueType } from '../../../rdb/value-types.ts';
import { encodeAgain, writerOf } from '../../../rdb/writer/encode-again.ts';
import { mendedCodes } from '../../../rdb/writer/mended-values.ts';
import { Resynchroniser } from '../../../resp/resync.ts';
import { readMended } from '../corrected-reading.ts';
import { findCorrection } from '../crc-correction.ts';
import { isPlausibleLibrary } from '../function-library.ts';
import { type Missing, noShortage, type Shortage, shortageOf, type TakenOut } from '../missing.ts';
import type { Cut, Duplicates, Region, Strategy, Unresolved } from '../plan.ts';
import { RefusedValues } from '../refused-values.ts';
import { region } from '../regions.ts';
import { findDuplicates } from './duplicates.ts';
import { RecordLikelihood } from './likelihood.ts';
import type { Alternative, Skip } from './paths.ts';
import { RdbResynchroniser } from './search.ts';
import { type DatabaseCount, SectionCounts, type SectionMark } from './section-counts.ts';

export interface RdbScanOptions {
  readonly sources: Sources;
  readonly index: number;
  readonly size: number;
  /** Commands may follow the RDB. */
  readonly tail: boolean;
  readonly duplicates: Duplicates;
  readonly seed: number;
  readonly pause: () => Promise<void>;
  /** Ways around damage that were chosen before, by the place of the fault. */
  readonly chosen?: ReadonlyMap<number, readonly Skip[]>;
}

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 17;
const headerBytes = 9;
/** A server makes room for so many keys without harm, whatever the file's size. */
const plausibleCount = 2 ** 24;
/** The version of a file that nothing says a version of, at least: its streams, modules and checksum can be read by all that matter. */
const versionInferredMin = 9;
/** The version that brought an item. */
const itemVersions: Readonly<Record<number, number>> = { [Item.slotInfo]: 12, [Item.hashTemplate]: 15 };
/** Items before a fault that may be what is really damaged: so many, as long as they are no longer than this together. */
const suspectsMax = 16;
const suspectBytesMax = 256 * 1024;
/** So many of them whatever their length. */
const suspectsMin = 3;

/** An item that was read, with what was known before it. */
interface Passed extends SectionMark {
  readonly offset: number;
  readonly db: number;
  readonly keys: number;
}

/** Finds what is wrong in the RDB at the front of a file. */
export class RdbScan {
  readonly regions: Region[] = [];
  readonly unresolved: Unresolved[] = [];
  keys = 0;
  libraries = 0;
  cut: Cut | undefined;
  /** Where the RDB ends, and whether anything may follow it. */
  endOffset = 0;
  version = 0;
  /** What of the file this build does not know. */
  unsupported: Unresolved | undefined;
  /** What the checksum of the whole file says, once it was asked. */
  private proof: Proof | undefined;
  private readonly input: RdbInput;
  private readonly reader: RdbReader;
  private readonly options: RdbScanOptions;
  private readonly values: ValueCheck;
  private readonly duplicates: DuplicateKeys;
  /** The last items, the newest last. */
  private readonly recent: Passed[] = [];
  private readonly evidence = new RecordLikelihood();
  private readonly counts = new SectionCounts();
  /** The first nine bytes as they should be, and what is wrong with them; '' and undefined where they are sound. */
  private magic = '';
  private headerFault: FormatError | undefined;
  /** Nothing in the file says its version: what it holds must tell. */
  private inferred = false;
  private ended = false;
  private needed = 0;
  /** What will be skipped further on. */
  private skips: Skip[] = [];
  /** Whether sound items follow the last of them. */
  private goesOn = true;
  /** Where damage seems to begin or end. */
  private readonly marks: number[] = [];
  /** The fault around which they lead, and other ways around it. */
  private detourFrom = 0;
  private others: (evidence: RecordLikelihood) => readonly Alternative[] = () => [];
  /** What was said, in front of an item before it, of the key at which reading failed. */
  private orphans: readonly { readonly offset: number; readonly length: number }[] = [];
  /** No key was read since bytes were left out: what is said of the key before would be said of another. */
  private isBehindSkip = false;
  private damage = { code: '', reason: '', touched: [] as readonly string[] };
  /** Where the last key without a name was. */
  private nameless = Number.NEGATIVE_INFINITY;
  /** Where the value of the current key begins. */
  private valueOffset = 0;
  /** Values that are written anew, since the bytes say wrongly what they hold, and what that leaves short of what they declare. */
  private readonly mends: Region[] = [];
  private readonly short: Missing[] = [];
  /** Values that are left out and whose head can be read. */
  private readonly taken: TakenOut[] = [];
  /** What was found before the cut, by database. */
  private beforeCut: readonly DatabaseCount[] = [];
  /** Keys that stand twice and go, by database. */
  private readonly dropped: { readonly db: number; readonly expires: boolean }[] = [];
  /** Nothing is missing: the checksum has told what was there. */
  private restored = false;
  /** Values that stay although some servers refuse them, by the code of what is wrong. */
  readonly refused = new RefusedValues();
  /** Where the item ends that was found bad although it is framed soundly; -1 for none. */
  private boundary = -1;

  constructor(input: RdbInput, options: RdbScanOptions) {
    this.input = input;
    this.reader = new RdbReader(input);
    this.options = options;
    this.values = new ValueCheck(true, this.reader.templates, options.seed);
    this.duplicates = new DuplicateKeys(options.seed);
  }

  /** What the file declares and a strategy does not keep. */
  shortage(strategy: Strategy): Shortage {
    const { reader, regions, counts, cut, taken, short } = this;
    const isWhole = this.ended && reader.checksumState === 'ok' && regions.length === 0;
    if (this.restored || isWhole) return noShortage;
    const declared = counts.totals();
    const kept = strategy === 'truncate' && cut !== undefined ? this.beforeCut : without(declared, this.dropped);
    const { missing, undeclared } = shortageOf(declared, kept, taken, reader.product?.name !== 'KeyDB');
    return { missing: [...missing, ...short], undeclared };
  }

  /** Reads it; false where not even the header can be made out, or something comes that this build does not know. */
  async read(): Promise<boolean> {
    if (!this.readHeader()) return false;
    const { reader, options } = this;
    this.values.ofFormat(reader);
    this.version = reader.version;
    while (!this.readItems()) await options.pause();
    return this.unsupported === undefined;
  }

  /** Whether a fault is no damage: then nothing of the file may be changed. */
  private isUnsupported(fault: FormatError): boolean {
    if (!(fault instanceof FormatError) || !(mayBeUnsupported(fault.code) || isLeftAlone(fault.code))) return false;
    const { options, reader, regions, headerFault } = this;
    const { sources, index, size } = options;
    this.proof ??= prove(new RdbInput(sources.reopen(index)), reader.version);
    // Where something is damaged already, an unknown number is rather what the search for sound items ran into.
    const isDamaged = regions.length > 0 || headerFault !== undefined;
    const proof = this.proof === 'none' && isDamaged ? 'changed' : this.proof;
    const { code, details } = named(fault, reader, Buffer.from(sources.read(index, 0, Math.min(size, 4096))), proof);
    if (!isLeftAlone(code)) return false;
    this.unsupported = {
      code,
      count: 1,
      offset: fault.offset,
      found: details.message ?? fault.found,
      advice: 'It is not damage: nothing of the file is changed. Use a newer aofkit, or the product that wrote it.',
    };
    this.unresolved.splice(0, this.unresolved.length, this.unsupported);
    this.regions.length = 0;
    this.cut = undefined;
    return true;
  }

  /** Ways around damage that agree better with the declared numbers of keys, by the place of the fault; undefined for none. */
  betterWays(): ReadonlyMap<number, readonly Skip[]> | undefined {
    return this.counts.betterWays(this.evidence);
  }

  /** How little the keys that were found agree with the declared numbers of keys, in bits. */
  get disagreement(): number {
    return this.counts.disagreement;
  }

  /** Mends what needs to know the whole file. */
  async finish(): Promise<void> {
    if (await this.mendByChecksum()) {
      this.restored = true;
      return;
    }
    this.inferVersion();
    if (this.headerFault !== undefined) this.mendHeader(this.headerFault, this.magic);
    if (this.duplicates.suspicious) await this.dropDuplicates();
    this.takeMends();
  }

  /** Values that are written anew. */
  private takeMends(): void {
    const { mends, regions } = this;
    if (mends.length === 0) return;
    this.renewChecksum();
    append(regions, mends);
  }

  private renewChecksum(): void {
    const { regions, version, endOffset } = this;
    if (version < checksumVersionMin || regions.some(({ replacement }) => replacement === 'rdb-end')) return;
    this.restoreEnd(endOffset - headerBytes, endOffset, 'rdb.checksum', 'what it sums up has changed');
  }

  private readHeader(): boolean {
    const { reader, input, options } = this;
    const head = Buffer.from(options.sources.read(options.index, 0, Math.min(options.size, 4096)));
    let fault: FormatError | undefined;
    try {
      reader.readHeader();
      fault = headerContradiction(head);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      fault = error;
    }
    if (fault === undefined) return true;
    if (this.isUnsupported(fault)) return false;
    const guess = guessHeader(head);
    if (guess === undefined && isWhole(head)) {
      const { code, offset, found } = fault;
      this.unresolved.push({
        code,
        count: 1,
        offset,
        found,
        advice: 'No version of the format is known by this number.',
      });
      return false;
    }
    input.stopChecksum();
    const fork = guess?.fork ?? forkOf(head);
    this.headerFault = fault;
    this.inferred = guess === undefined;
    reader.fork = fork;
    reader.version = guess?.version ?? versionMax[fork];
    this.magic = guess?.magic ?? magicOf(fork, reader.version);
    input.seek(Math.min(headerBytes, options.size));
    return true;
  }

  /** A header that was destroyed becomes that of the lowest version which has everything that was found. */
  private inferVersion(): void {
    if (!this.inferred) return;
    this.version = this.reader.fork === 'valkey' ? valkeyVersionMin : Math.max(versionInferredMin, this.needed);
    this.magic = magicOf(this.reader.fork, this.version);
  }

  private mendHeader(fault: FormatError, magic: string): void {
    const length = Math.min(headerBytes, this.options.size);
    const replacement = Buffer.from(magic, 'latin1');
    const reason = `expected ${fault.expected}, found ${fault.found}`;
    this.cut = { offset: 0, code: fault.code, reason, inRdb: true, commands: 0, keys: 0 };
    this.regions.unshift(region(0, length, fault.code, reason, { action: 'replace', damage: false, replacement }));
  }

  /** Reads some items; true at the end. */
  private readItems(): boolean {
    const { reader, input } = this;
    for (let count = 0; count < itemsBetweenPauses; count++) {
      if (this.skips.length > 0 && input.offset === this.skips[0].from && !this.takeSkip()) return true;
      const before = { offset: input.offset, db: reader.db, keys: this.keys, ...this.counts.mark() };
      try {
        const item = reader.next();
        if (item === Item.end) {
          this.doubtEnd();
          return this.takeEnd();
        }
        if (item === Item.key) {
          this.takeKey();
          this.isBehindSkip = false;
        } else if (item === Item.aux && this.isBehindSkip && saysOfLastKey(reader.auxName)) this.dropOrphanAux();
        else if (item === Item.function) this.takeFunction();
        else if (item === Item.resizeDb) this.takeCounts();
        else if (item === Item.selectDb) this.counts.begin(reader.db);
        else this.needed = Math.max(this.needed, itemVersions[item] ?? 0);
        this.remember(before);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        input.stopChecksum();
        if (this.isUnsupported(error)) return true;
        if (!this.passDamage(error, before)) return true;
      }
    }
    return false;
  }

  private remember(item: Passed): void {
    const { recent } = this;
    recent.push(item);
    if (recent.length > suspectsMax) recent.shift();
  }

  private takeKey(): void {
    const { reader, values, input } = this;
    values.begin();
    this.valueOffset = input.offset;
    checkValue(input, reader.type, values);
    const isMended = values.notes.length > 0 && this.mendValue();
    const fault = isMended ? undefined : values.notes.find(({ severity }) => severity === 'error');
    if (fault !== undefined) {
      this.boundary = input.offset;
      throw new FormatError(fault.code, fault.offset, fault.expected, fault.found);
    }
    this.keys++;
    this.counts.add(!Number.isNaN(reader.expire));
    this.needed = Math.max(this.needed, valueType(reader.type, reader)?.since ?? 0);
    this.evidence.note(reader);
    this.duplicates.add(reader.key, reader.keyLength, reader.db);
    if (reader.keyLength === 0) this.takeNameless();
  }

  /** Whether all that is wrong with a value is gone once it is encoded anew, which loses nothing of it. */
  private mendValue(): boolean {
    const { reader, values, valueOffset, input, options } = this;
    const { notes } = values;
    this.refused.add(reader, values);
    const note = notes.find(({ code }) => mendedCodes.has(code));
    if (note === undefined || notes.some(({ severity, code }) => severity === 'error' && !mendedCodes.has(code)))
      return false;
    const length = input.offset - valueOffset;
    const target = writerOf(reader.fork, reader.type);
    if (target === undefined || length > blobBytesMax) return false;
    const again = encodeAgain(reader.type, options.sources.read(options.index, valueOffset, length), target);
    if (again === undefined) return false;
    const { code, expected, found } = note;
    const key = escapeBytes(reader.key, 0, reader.keyLength, 128);
    const more = { action: 'replace', damage: false, replacement: again.bytes } as const;
    this.mends.push(region(valueOffset, length, code, `expected ${expected}, found ${found}`, more));
    const declared = declaredElements(
      new RdbInput(options.sources.reopen(options.index)),
      reader.type,
      valueOffset,
      reader,
    );
    if (declared !== undefined && declared > again.elements) {
      const where = `the ${valueType(reader.type, reader)?.data} "${key}" in database ${reader.db}`;
      this.short.push({ what: 'elements', declared, kept: again.elements, where });
    }
    return true;
  }

  /** A run of NUL bytes reads as keys without a name, of which there can be one. */
  private takeNameless(): void {
    const { reader, input, nameless } = this;
    this.nameless = input.offset;
    if (nameless < reader.itemOffset - 64) return;
    throw new FormatError('rdb.key.duplicate', reader.itemOffset, 'a key with a name', 'a second one without');
  }

  private takeFunction(): void {
    const { reader } = this;
    this.needed = Math.max(this.needed, 10);
    if (isPlausibleLibrary(reader.functionCode)) {
      this.libraries++;
      return;
    }
    this.boundary = this.input.offset;
    const found = JSON.stringify(reader.functionCode.slice(0, 60));
    throw new FormatError(
      'rdb.function.header',
      reader.itemOffset,
      '#!<engine> name=<library>, and code that registers a function',
      found,
    );
  }

  /** A server makes room for as many keys as are declared, whether they come or not: more than could come would end it. */
  private takeCounts(): void {
    const { reader, input, options } = this;
    const most = Math.max(options.size, plausibleCount);
    if (reader.declaredKeys <= most && reader.declaredExpires <= most) {
      this.counts.declare(reader.db, reader.declaredKeys, reader.declaredExpires);
      return;
    }
    this.boundary = input.offset;
    const found = `${reader.declaredKeys} keys, ${reader.declaredExpires} expiries`;
    throw new FormatError('rdb.length.range', reader.itemOffset, `at most ${most} keys`, found);
  }

  /** Goes on behind a bad item; false where nothing sound comes after. `before`: that item. */
  private passDamage(fault: FormatError, before: Passed): boolean {
    const { input, reader, options } = this;
    const { code, expected, found } = fault;
    const reason = `expected ${expected}, found ${found}`;
    const at = before.offset;
    if (this.isTornEnd(at)) return this.restoreEnd(at, options.size, code, reason);
    const touched = reader.keyLength < 0 ? [] : [escapeBytes(reader.key, 0, reader.keyLength, 128)];
    this.damage = { code, reason, touched };
    this.orphans = reader.pending || reader.detached ? [...reader.prefixes] : [];
    reader.pending = false;
    this.skips = this.detour(at, code);
    const [{ from }] = this.skips;
    // The item itself is believed, but not what comes behind it.
    if (from >= at) this.noteTaken(at);
    if (from > at) return true;
    const first = this.recent.find(({ offset }) => offset === from) ?? before;
    reader.db = first.db;
    this.keys = first.keys;
    this.counts.rewind(first);
    this.recent.length = 0;
    this.nameless = Number.NEGATIVE_INFINITY;
    input.seek(from);
    return true;
  }

  /** The value that is left out, if it could be read what it is. */
  private noteTaken(at: number): void {
    const { reader, options, valueOffset } = this;
    const type = reader.keyLength < 0 || reader.type < 0 ? undefined : valueType(reader.type, reader);
    if (type === undefined || valueOffset < at) return;
    const input = new RdbInput(options.sources.reopen(options.index));
    const elements = declaredElements(input, reader.type, valueOffset, reader) ?? 0;
    const key = escapeBytes(reader.key, 0, reader.keyLength, 128);
    this.taken.push({ db: reader.db, key, type: type.data, elements });
  }

  /** Only the checksum is cut: no key is lost. */
  private isTornEnd(at: number): boolean {
    const { reader, options } = this;
    return reader.doing === 'check-sum' && options.size - at < headerBytes;
  }

  /** Which bytes around a fault are bad. */
  private detour(at: number, code: string): Skip[] {
    const { reader, options, version, evidence, boundary } = this;
    const chosen = options.chosen?.get(at);
    if (chosen !== undefined) {
      this.boundary = -1;
      this.goesOn = true;
      this.detourFrom = at;
      this.others = () => [];
      return [...chosen];
    }
    const { fork, templates } = reader;
    const context = { fork, version, templates: new Map(templates), tail: options.tail, evidence: evidence.copy() };
    const resync = new RdbResynchroniser(options.sources, options.index, options.size, context);
    this.boundary = -1;
    const suspects = this.recent.filter(
      ({ offset }, index, all) => at - offset <= suspectBytesMax || index >= all.length - suspectsMin,
    );
    const { skips, goesOn, others } = resync.find(
      suspects.map(({ offset }) => offset),
      at,
      boundary,
    );
    this.goesOn = goesOn;
    this.detourFrom = at;
    this.others = others;
    // What looks like keys within a value that the end of the file cuts off is a part of it.
    if (!goesOn && code === 'rdb.truncated')
      return [{ from: skips[0].from, to: options.size, head: false, whole: false, gapAt: -1 }];
    if (skips.length > 0) return [...skips];
    return [{ from: at, to: boundary > at ? boundary : at + 1, head: false, whole: false, gapAt: -1 }];
  }

  /** Leaves bad bytes out; false where nothing sound comes after them. */
  private takeSkip(): boolean {
    const { input, reader, skips, damage } = this;
    const [skip] = skips;
    const { from, to, gapAt } = skip;
    this.marks.push(from, to);
    if (gapAt >= 0) this.marks.push(gapAt);
    this.counts.pass(skip, this.detourFrom, this.others);
    const { code, reason, touched } = damage;
    skips.shift();
    if (this.cut === undefined) {
      this.cut = { offset: from, code, reason, inRdb: true, commands: 0, keys: this.keys };
      this.beforeCut = this.counts.totals();
    }
    if (skips.length === 0 && !this.goesOn) return this.endHere(from, code, reason, touched);
    this.dropOrphans(from, code, reason);
    const replacement = this.lostSelect(to);
    if (replacement !== undefined) reader.db = replacement[1];
    this.regions.push(region(from, to - from, code, reason, { touched, replacement }));
    this.damage = { code, reason, touched: [] };
    this.recent.length = 0;
    this.isBehindSkip = true;
    input.seek(to);
    return true;
  }

  /** An expiry whose key is left out would be that of the next key. */
  private dropOrphans(from: number, code: string, reason: string): void {
    for (const { offset, length } of this.orphans) {
      if (offset < from) this.regions.push(region(offset, length, code, reason));
    }
    this.orphans = [];
  }

  /** KeyDB writes the expiries of members behind their key, and that was left out. */
  private dropOrphanAux(): void {
    const { reader, input, damage } = this;
    const { itemOffset } = reader;
    this.regions.push(region(itemOffset, input.offset - itemOffset, damage.code, damage.reason, { damage: false }));
  }

  /** Where counts follow that only stand behind a SELECTDB, its remains tell the database. */
  private lostSelect(next: number): Uint8Array | undefined {
    const { sources, index } = this.options;
    const [database, opcode] = sources.read(index, next - 1, 2);
    return opcode === 0xfb && database < 0x40 ? Buffer.from([0xfe, database]) : undefined;
  }

  /** Nothing sound comes in this RDB any more: commands may. */
  private endHere(from: number, code: string, reason: string, touched: readonly string[]): boolean {
    const { size, tail } = this.options;
    const found = tail ? new Resynchroniser(this.input).find(from) : -1;
    const end = found < 0 ? size : found;
    this.endOffset = end;
    this.regions.push(region(from, end - from, code, reason, { touched, replacement: 'rdb-end' }));
    return false;
  }

  private restoreEnd(at: number, end: number, code: string, reason: string): boolean {
    this.endOffset = end;
    const more = { action: 'replace', damage: false, replacement: 'rdb-end' } as const;
    this.regions.push(region(at, end - at, code, reason, more));
    return false;
  }

  /** Where the checksum tells what single change was made, it is undone: nothing is lost then. */
  private async mendByChecksum(): Promise<boolean> {
    const { reader, options, regions, headerFault } = this;
    const isDamaged = regions.length > 0 || headerFault !== undefined;
    if (!isDamaged || reader.version < checksumVersionMin) return false;
    const { at, stored } = this.storedChecksum();
    if (stored === 0n) return false;
    const { sources, index, size, seed, pause } = options;
    const places = regions.filter(({ damage }) => damage);
    const last = places.at(-1);
    const bad = last && {
      from: headerFault ? 0 : places[0].offset,
      to: Math.min(last.offset + last.length, at),
      marks: [...new Set(this.marks)].sort((a, b) => a - b),
    };
    const mending = await findCorrection(sources, index, at, stored, bad, pause);
    const mended = mending && (await readMended(sources, index, size, mending, seed, pause));
    if (mending === undefined || mended === undefined) return false;
    const { offset, length, bytes } = mending;
    const reason = 'the checksum tells which bytes were changed, and what they were';
    const more = { action: 'replace', damage: false, replacement: bytes } as const;
    regions.splice(0, regions.length, region(offset, length, 'rdb.checksum.mismatch', reason, more));
    this.cut = undefined;
    this.endOffset = Math.max(this.endOffset, at + headerBytes - 1);
    this.keys = mended.keys;
    this.version = mended.version;
    return true;
  }

  /** An end whose checksum is wrong and behind which neither the file ends nor commands begin may be any bytes. */
  private doubtEnd(): void {
    const { reader, options } = this;
    const { endOffset } = reader;
    if (reader.checksumState !== 'mismatch' && this.regions.length === 0) return;
    if (reader.version < checksumVersionMin || endOffset >= options.size) return;
    const [next] = options.sources.read(options.index, endOffset, 1);
    if (next === 0x2a || next === 0x23) return;
    const found = `${options.size - endOffset} more bytes`;
    throw new FormatError('rdb.trailing', endOffset - headerBytes, 'the end of the file', found);
  }

  /** The stored checksum, and where it begins; 0 where there is none. It may be there although reading did not come to it. */
  private storedChecksum(): { readonly at: number; readonly stored: bigint } {
    const { reader, options } = this;
    const { sources, index, size, tail } = options;
    if (this.ended) return { at: reader.checksumOffset, stored: reader.storedChecksum };
    // What stands there in a compressed envelope is no checksum.
    if (tail || size < headerBytes * 2 || this.input.source.envelope !== undefined) return { at: size, stored: 0n };
    const end = sources.read(index, size - headerBytes, headerBytes);
    return { at: size - headerBytes + 1, stored: end[0] === Opcode.eof ? end.readBigUInt64LE(1) : 0n };
  }

  private takeEnd(): true {
    const { reader, regions } = this;
    this.ended = true;
    this.endOffset = reader.endOffset;
    const at = reader.checksumOffset - 1;
    if (this.version < checksumVersionMin) return true;
    if (reader.checksumState === 'mismatch' && regions.length === 0) {
      this.restoreEnd(at, reader.endOffset, 'rdb.checksum.mismatch', 'the checksum does not fit the bytes');
    } else if (regions.length > 0) this.restoreEnd(at, reader.endOffset, 'rdb.checksum', 'what it sums up has changed');
    return true;
  }

  /** Of each key that stands twice, one stays. */
  private async dropDuplicates(): Promise<void> {
    const { options, duplicates, regions, reader } = this;
    const header = { magic: this.magic, fork: reader.fork, version: this.version };
    const found = await findDuplicates(duplicates, regions, header, this.endOffset, options);
    if (found.length === 0) return;
    this.renewChecksum();
    for (const { regions: some, db, expires } of found) {
      append(regions, some);
      this.dropped.push({ db, expires });
    }
  }
}

/**
 * Finds what is wrong in the RDB at the front of a file; undefined where not even its header can be made out, but for what
 * `unresolved` says then. A second reading decides where the numbers of keys that the file declares do not agree with the first.
 */
export async function scanRdb(input: RdbInput, options: RdbScanOptions): Promise<{ scan: RdbScan; known: boolean }> {
  const first = new RdbScan(input, options);
  if (!(await first.read())) return { scan: first, known: false };
  let scan = first;
  const chosen = first.betterWays();
  if (chosen !== undefined) {
    const second = new RdbScan(new RdbInput(options.sources.reopen(options.index)), { ...options, chosen });
    await second.read();
    if (second.disagreement <= first.disagreement) scan = second;
  }
  await scan.finish();
  return { scan, known: true };
}

/** The counts without the records that go. */
function without(
  counts: readonly DatabaseCount[],
  dropped: readonly { readonly db: number; readonly expires: boolean }[],
): readonly DatabaseCount[] {
  return counts.map((count) => {
    const gone = dropped.filter(({ db }) => db === count.db);
    const expiring = gone.filter(({ expires }) => expires);
    return { ...count, keys: count.keys - gone.length, expires: count.expires - expiring.length };
  });
}

/** What is not known, and values of types that no released server confirms: they are never cut out. */
function isLeftAlone(code: string): boolean {
  return isUnsupported(code) || code.startsWith('bitmap.') || code.startsWith('set.expiry.');
}
