import type { FindingList, RdbReport } from '../../aof/report.ts';
import { EncodingError, FormatError } from '../../faults.ts';
import type { Source } from '../../io/source.ts';
import { escapeBinary, escapeBytes } from '../../io/text.ts';
import type { CheckKernel } from '../../kernels/check-kernel.ts';
import { blobBytesMax } from '../../limits.ts';
import { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import type { RdbInput } from '../../rdb/input.ts';
import type { NotedValues } from '../../rdb/noted-values.ts';
import { isMemberExpiry, memberExpiryAux } from '../../rdb/product.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RecordBatch } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue, valueType } from '../../rdb/value-types.ts';
import { emptyRecord } from '../../records.ts';

export interface RdbScanOptions {
  readonly path: string;
  readonly findings: FindingList;
  readonly seed: number;
  readonly checkKernel: CheckKernel | undefined;
  /** The same file from its start, where its checksum must tell damage from what this build does not know. */
  readonly reopen: () => Source;
  readonly pause: () => Promise<void>;
  /** Takes what is found in values, which are looked into then. */
  readonly noted?: NotedValues;
  /** Whether a fault is no finding: whoever asks reads once more, without `noted`. */
  readonly quiet?: boolean;
  /** Whether the checksum is computed on the way. */
  readonly summed?: boolean;
}

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 18;

/**
 * Finds the end of the RDB at the front of an input. What its checksum vouches for is looked into only for what a target may refuse
 * of it (`noted`). A fault, behind which nothing can be read, becomes a finding.
 */
export class RdbScan {
  readonly report: RdbReport;
  /** Some keys may stand twice: only comparing them would tell. */
  suspicious = false;
  readonly reader: RdbReader;
  private readonly batch: RecordBatch | undefined;
  private readonly values: ValueCheck;
  private readonly duplicates: DuplicateKeys;
  private readonly options: RdbScanOptions;

  constructor(input: RdbInput, options: RdbScanOptions) {
    const { checkKernel, seed, noted, summed = false } = options;
    const deep = noted !== undefined;
    this.options = options;
    input.trusting = !deep;
    this.reader = new RdbReader(input, { checksum: summed, checkKernel });
    this.batch = checkKernel && new RecordBatch(this.reader, checkKernel, { deep, seed });
    this.values = new ValueCheck(deep, this.reader.templates, seed);
    this.duplicates = new DuplicateKeys(seed);
    const checksum = { state: 'unchecked' } as const;
    const counts = { keys: 0, expires: 0, fieldExpires: 0, functions: 0, databases: 0, length: 0 };
    this.report = { fork: 'redis', version: 0, aux: emptyRecord(), checksum, ...counts };
  }

  /** True if the end was reached. */
  async run(): Promise<boolean> {
    const { reader, report, duplicates } = this;
    try {
      reader.readHeader();
      Object.assign(report, { fork: reader.fork, version: reader.version });
      this.values.ofFormat(reader);
      while (!this.readItems()) await this.options.pause();
    } catch (error) {
      Object.assign(report, { fork: reader.fork, version: reader.version });
      if (this.options.quiet !== true || !(error instanceof FormatError)) await this.addFault(error);
      return false;
    } finally {
      report.length = reader.input.offset;
      reader.input.trusting = false;
    }
    this.suspicious = duplicates.suspicious;
    this.finishChecksum();
    return true;
  }

  /** True at the end. */
  private readItems(): boolean {
    const { reader, batch, report } = this;
    for (let index = 0; index < itemsBetweenPauses; index++) {
      while (batch?.pass()) {
        report.keys += batch.count;
        report.expires += batch.expires;
        this.duplicates.addPrints(batch.prints, batch.count);
        index += batch.count;
      }
      const item = reader.next();
      if (item === Item.key) this.passKey();
      else if (item === Item.end) return true;
      else if (item === Item.aux) this.noteAux();
      else if (item === Item.function) this.passFunction();
      else if (item === Item.selectDb) report.databases++;
      else if (item === Item.resizeDb) this.expectKeys();
      else if (item === Item.update) report.updates = (report.updates ?? 0) + 1;
    }
    return false;
  }

  private noteAux(): void {
    const { report, reader } = this;
    const { auxName, auxValue } = reader;
    if (auxName === memberExpiryAux.moment) report.memberExpiries = (report.memberExpiries ?? 0) + 1;
    if (!isMemberExpiry(auxName)) report.aux[escapeBinary(auxName)] = escapeBinary(auxValue);
  }

  private passKey(): void {
    const { reader, values, report } = this;
    report.keys++;
    if (!Number.isNaN(reader.expire)) report.expires++;
    if (reader.keyTooLong) {
      throw new FormatError(
        'rdb.string.long',
        reader.itemOffset,
        `a key of at most ${blobBytesMax} bytes`,
        'a longer one',
      );
    }
    this.duplicates.add(reader.key, reader.keyLength, reader.db);
    values.begin();
    checkValue(reader.input, reader.type, values);
    this.options.noted?.addValue(this.options.path, reader, values);
  }

  private passFunction(): void {
    this.report.functions++;
    this.options.noted?.addLibrary(this.options.path, this.reader);
  }

  /** A key takes at least three bytes, so that a file cannot claim more memory than it is worth. */
  private expectKeys(): void {
    const { declaredKeys, input } = this.reader;
    this.duplicates.expect(Math.min(declaredKeys, (input.remaining ?? 0) / 3));
  }

  private async addFault(error: unknown): Promise<void> {
    const { reader, options } = this;
    const isFlaw = error instanceof EncodingError;
    if (!isFlaw && !(error instanceof FormatError)) throw error;
    const { expected, found } = isFlaw ? error : error;
    const { code, details } = isFlaw ? { code: error.code, details: {} } : await this.nameOf(error);
    const offset = isFlaw ? reader.itemOffset : error.offset;
    const type = valueType(reader.type, reader)?.name ?? String(reader.type);
    const key =
      reader.keyLength < 0 ? undefined : { name: escapeBytes(reader.key, 0, reader.keyLength), db: reader.db, type };
    options.findings.add(code, options.path, offset, { key, expected, found, ...details });
  }

  private async nameOf(fault: FormatError) {
    const { nameFaultOf } = await import('../../aof/name-fault.ts');
    return nameFaultOf(fault, this.reader, this.options.reopen());
  }

  private finishChecksum(): void {
    const { reader, report } = this;
    const { checksumState: state, storedChecksum } = reader;
    report.checksum = { state };
    if (state !== 'absent') report.checksum.stored = checksumText(storedChecksum);
  }
}

export const checksumText = (sum: bigint): string => sum.toString(16).padStart(16, '0');
