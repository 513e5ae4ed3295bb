import type { FindingList, RdbReport } from '../aof/report.ts';
import { EncodingError, FormatError } from '../faults.ts';
import type { FindingDetails } from '../findings.ts';
import { FileSource } from '../io/source.ts';
import { escapeBinary, escapeBytes } from '../io/text.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { databasesDefault } from '../limits.ts';
import { DuplicateKeys } from '../rdb/duplicate-keys.ts';
import { RdbInput } from '../rdb/input.ts';
import { loadAdvice } from '../rdb/load-advice.ts';
import { needsModule } from '../rdb/module-data.ts';
import { isMemberExpiry, jobCount, memberCount, memberExpiryAux, moduleTypeText, productText } from '../rdb/product.ts';
import { Item, RdbReader } from '../rdb/reader.ts';
import { RecordBatch } from '../rdb/record-batch.ts';
import { ValueCheck } from '../rdb/value-check.ts';
import { checkValue, valueType } from '../rdb/value-types.ts';
import { emptyRecord } from '../records.ts';
import { canonicalType, TypeId } from '../servers/value-type-id.ts';
import type { PlacedLibrary } from './check-libraries.ts';

export interface RdbCheckOptions {
  /** Where a second reading can open the file again; undefined for a pipe or a compressed file. */
  readonly reopen?: string;
  /** Random, so that nobody can prepare keys that look the same. */
  readonly seed: number;
  /** Lets other work go on; awaited now and then. */
  readonly pause?: () => Promise<void>;
  /** Whether values are looked through element by element. Default true. */
  readonly deep?: boolean;
  /** Where the window's memory lies, if kernels may pass over what is ordinary. */
  readonly checkKernel?: CheckKernel;
  /** The moment of the check, milliseconds since 1970: keys that are past their time are counted. */
  readonly at?: number;
}

/** A checksum as servers log it. */
const checksumText = (sum: bigint): string => sum.toString(16).padStart(16, '0');

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 18;

/**
 * Checks the RDB at the front of `input`. Reading ends at the first fault, because nothing tells where the next item
 * begins; `complete` says whether the end was reached.
 */
export class RdbCheck {
  readonly reader: RdbReader;
  readonly report: RdbReport;
  complete = false;
  private readonly file: string;
  private readonly findings: FindingList;
  private readonly options: RdbCheckOptions;
  private readonly batch: RecordBatch | undefined;
  private readonly values: ValueCheck;
  private readonly duplicates: DuplicateKeys;
  private readonly modules = new Set<string>();
  private readonly databases = new Set<number>();
  private highDatabase = false;
  private readonly libraries: PlacedLibrary[] = [];
  private memberExpiryOffset = 0;
  private jobOffset = 0;

  constructor(input: RdbInput, file: string, findings: FindingList, options: RdbCheckOptions) {
    const { checkKernel, seed, at } = options;
    const deep = options.deep !== false;
    this.reader = new RdbReader(input, { checkKernel });
    this.batch = checkKernel && new RecordBatch(this.reader, checkKernel, { deep, seed, at });
    this.file = file;
    this.findings = findings;
    this.options = options;
    this.values = new ValueCheck(deep, this.reader.templates, seed);
    this.duplicates = new DuplicateKeys(options.seed);
    this.report = {
      fork: 'redis',
      version: 0,
      keys: 0,
      expires: 0,
      expired: at === undefined ? undefined : 0,
      fieldExpires: 0,
      functions: 0,
      databases: 0,
      aux: emptyRecord(),
      checksum: { state: 'unchecked' },
      length: 0,
    };
  }

  async run(): Promise<void> {
    const { reader, report } = this;
    try {
      reader.readHeader();
      Object.assign(report, { fork: reader.fork, version: reader.version });
      this.values.ofFormat(reader);
      while (!this.readItems(itemsBetweenPauses)) await this.options.pause?.();
      this.complete = true;
      report.length = reader.input.offset;
    } catch (error) {
      Object.assign(report, { fork: reader.fork, version: reader.version });
      report.length = reader.input.offset;
      await this.addFault(error);
    }
    report.databases = this.databases.size;
    if (reader.product !== undefined) report.product = productText(reader.product);
    await this.checkLibraries();
    if (report.memberExpiries !== undefined) {
      const found = memberCount(report.memberExpiries);
      this.findings.add('rdb.member-expiry', this.file, this.memberExpiryOffset, { found });
    }
    if (report.jobs !== undefined) {
      this.findings.add('rdb.cron', this.file, this.jobOffset, { found: jobCount(report.jobs) });
    }
    this.finishChecksum();
    await this.confirmDuplicates();
  }

  /** Reads at most `most` items; true at the end. */
  private readItems(most: number): boolean {
    const { reader, batch } = this;
    for (let index = 0; index < most; index++) {
      while (batch?.pass()) index += this.notePassed(batch);
      const item = reader.next();
      if (item === Item.key) this.checkKey();
      else if (item === Item.end) return true;
      else this.noteItem(item);
    }
    return false;
  }

  /** Takes over what the lane has seen, as if `checkKey` had; how many keys those were. */
  private notePassed(batch: RecordBatch): number {
    const { reader, report } = this;
    report.keys += batch.count;
    report.expires += batch.expires;
    if (report.expired !== undefined) report.expired += batch.past;
    this.duplicates.addPrints(batch.prints, batch.count);
    this.databases.add(reader.db);
    return batch.count;
  }

  private checkKey(): void {
    const { reader, values, report } = this;
    report.keys++;
    if (!Number.isNaN(reader.expire)) this.noteExpiry();
    this.databases.add(reader.db);
    values.begin();
    if (reader.keyTooLong) values.large = true;
    else this.duplicates.add(reader.key, reader.keyLength, reader.db);
    checkValue(reader.input, reader.type, values);
    if (reader.type === TypeId.cron) this.noteJob();
    if (values.fieldExpires > 0) report.fieldExpires += values.fieldExpires;
    if (values.empty || values.large || values.moduleName !== '' || values.notes.length > 0) this.noteValue();
  }

  private noteJob(): void {
    const { report, reader } = this;
    if (report.jobs === undefined) this.jobOffset = reader.itemOffset;
    report.jobs = (report.jobs ?? 0) + 1;
  }

  private noteExpiry(): void {
    const { reader, report, options } = this;
    report.expires++;
    if (report.expired !== undefined && options.at !== undefined && reader.expire < options.at) report.expired++;
  }

  private noteValue(): void {
    const { values, reader } = this;
    const at = reader.itemOffset;
    const key = this.findings.full ? undefined : this.key();
    if (values.empty) this.findings.add('rdb.value.empty', this.file, at, { key });
    if (values.large) this.findings.add('rdb.value.large', this.file, at, { key });
    if (values.moduleName !== '') this.noteModule(values.moduleName, at, { key });
    const type = canonicalType(reader.type, reader);
    for (const { severity, code, offset, expected, found } of values.notes) {
      const advice = loadAdvice({ code, type, rebuilt: values.rebuilt });
      this.findings.add(code, this.file, offset, { key, expected, found, severity, advice });
    }
  }

  /** A module is worth one warning a type, not one a key. */
  private noteModule(name: string, offset: number, details: FindingDetails): void {
    if (this.modules.has(name)) return;
    this.modules.add(name);
    this.findings.add('rdb.module.needed', this.file, offset, { ...details, found: moduleTypeText(name) });
  }

  private noteItem(item: Item): void {
    const { reader } = this;
    if (item === Item.aux) this.noteAux();
    else if (item === Item.selectDb) this.noteDatabase();
    else if (item === Item.resizeDb) this.expectKeys();
    else if (item === Item.function) this.noteFunction();
    else if (item === Item.update) this.noteUpdate();
    else if (item === Item.moduleAux && needsModule(reader.moduleName)) {
      this.noteModule(reader.moduleName, reader.itemOffset, {});
    }
  }

  private noteAux(): void {
    const { report, reader } = this;
    const { auxName, auxValue } = reader;
    if (!isMemberExpiry(auxName)) report.aux[escapeBinary(auxName)] = escapeBinary(auxValue);
    if (auxName !== memberExpiryAux.moment) return;
    if (report.memberExpiries === undefined) this.memberExpiryOffset = reader.itemOffset;
    report.memberExpiries = (report.memberExpiries ?? 0) + 1;
  }

  /** A key takes at least three bytes, so that a file cannot claim more memory than it is worth. */
  private expectKeys(): void {
    const { declaredKeys, input } = this.reader;
    this.duplicates.expect(Math.min(declaredKeys, (input.remaining ?? 0) / 3));
  }

  private noteDatabase(): void {
    const { db, itemOffset } = this.reader;
    if (db < databasesDefault || this.highDatabase) return;
    this.highDatabase = true;
    this.findings.add('rdb.database.range', this.file, itemOffset, {
      expected: `below ${databasesDefault}`,
      found: String(db),
    });
  }

  /** One warning a file: what the commands do is known only to who runs them on the keys before them. */
  private noteUpdate(): void {
    const { report, reader } = this;
    if (report.updates === undefined) {
      const [name] = reader.updateArguments;
      this.findings.add('rdb.update.present', this.file, reader.itemOffset, {
        found: `'${escapeBytes(name, 0, Math.min(name.length, 64))}' with ${reader.updateArguments.length} arguments`,
      });
    }
    report.updates = (report.updates ?? 0) + 1;
  }

  private noteFunction(): void {
    this.report.functions++;
    this.libraries.push({ code: this.reader.functionCode, offset: this.reader.itemOffset });
  }

  /** The parser of Lua is loaded only where there are libraries. */
  private async checkLibraries(): Promise<void> {
    if (this.libraries.length === 0) return;
    const { addLibraryFindings } = await import('./check-libraries.ts');
    addLibraryFindings(this.libraries, this.file, this.findings);
  }

  private key(): FindingDetails['key'] {
    const { reader } = this;
    if (reader.keyLength < 0) return undefined;
    const type = valueType(reader.type, reader)?.name ?? String(reader.type);
    return { name: escapeBytes(reader.key, 0, reader.keyLength), db: reader.db, type };
  }

  private async addFault(error: unknown): Promise<void> {
    if (error instanceof EncodingError) {
      const { code, expected, found } = error;
      this.findings.add(code, this.file, this.reader.itemOffset, { key: this.key(), expected, found });
      return;
    }
    if (!(error instanceof FormatError)) throw error;
    const { offset, expected, found } = error;
    // Loaded only where it is needed: the start-up weighs on small files.
    const { nameFault } = await import('../aof/name-fault.ts');
    const { code, details, proof } = await nameFault(error, this.reader, this.options.pause);
    if (proof === 'intact') {
      const sum = checksumText(this.reader.crc?.value() ?? 0n);
      this.report.checksum = { state: 'ok', stored: sum, computed: sum };
    }
    this.findings.add(code, this.file, offset, { key: this.key(), expected, found, ...details });
  }

  private finishChecksum(): void {
    const { reader, report, complete } = this;
    if (!complete) return;
    const { checksumState: state, checksumOffset: at } = reader;
    report.checksum = { state, computed: checksumText(reader.computedChecksum) };
    if (state !== 'absent') report.checksum.stored = checksumText(reader.storedChecksum);
    const found = report.checksum.stored;
    if (state === 'mismatch') {
      this.findings.add('rdb.checksum.mismatch', this.file, at, {
        length: 8,
        expected: report.checksum.computed,
        found,
      });
    }
    if (state === 'disabled') this.findings.add('rdb.checksum.disabled', this.file, at, { length: 8 });
  }

  /** Reads the keys a second time, if some may stand twice, and compares those by their bytes. */
  private async confirmDuplicates(): Promise<void> {
    const { duplicates } = this;
    if (!duplicates.suspicious) return;
    const path = this.options.reopen;
    if (path === undefined || duplicates.tooMany) {
      const code = duplicates.exactOnly ? 'rdb.key.duplicate' : 'rdb.key.duplicates-unchecked';
      this.findings.add(code, this.file, 0);
      return;
    }
    const source = FileSource.open(path);
    try {
      await this.compareCandidates(new RdbReader(new RdbInput(source), { checksum: false }));
    } catch (error) {
      // The fault that ended the first reading ends the second one too.
      if (!(error instanceof FormatError)) throw error;
    } finally {
      source.close();
    }
  }

  private async compareCandidates(reader: RdbReader): Promise<void> {
    const seen = new Map<string, number>();
    const skip = new ValueCheck(false, reader.templates, this.options.seed);
    reader.input.trusting = true;
    reader.readHeader();
    skip.ofFormat(reader);
    for (let count = 1; ; count++) {
      const item = reader.next();
      if (item === Item.end) return;
      if (item !== Item.key) continue;
      if (this.duplicates.isCandidate(reader.key, reader.keyLength, reader.db)) this.compare(reader, seen);
      checkValue(reader.input, reader.type, skip);
      if (count % itemsBetweenPauses === 0) await this.options.pause?.();
    }
  }

  private compare(reader: RdbReader, seen: Map<string, number>): void {
    const name = reader.key.latin1Slice(0, reader.keyLength);
    const id = `${reader.db} ${name}`;
    const first = seen.get(id);
    if (first === undefined) {
      seen.set(id, reader.itemOffset);
      return;
    }
    const type = this.findings.full ? '' : (valueType(reader.type, reader)?.name ?? '');
    // Where a command may have made the key, its value may come later in the file.
    const severity = this.report.updates === undefined ? undefined : 'warning';
    this.findings.add('rdb.key.duplicate', this.file, reader.itemOffset, {
      ...(severity && { severity }),
      key: { name: escapeBinary(name), db: reader.db, type },
      expected: 'each key once in a database',
      found: `the same key as at offset ${first}`,
    });
  }
}
