import { LimitError } from '../../errors.ts';
import { ByteWriter } from '../../io/writer.ts';
import { EncodingReader } from '../../keys/encoding.ts';
import { type KeySelection, type RecordTest, recordTest } from '../../keys/key-selection.ts';
import { MemoryEstimate } from '../../keys/memory-estimate.ts';
import { type ScanFacts, type ScanOptions, type ScanResult, scanKeys } from '../../keys/scan-keys.ts';
import { RecordSerializer } from '../../keys/serializer.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { ObjectValue } from '../../values/value.ts';
import { FirstRows } from './first-rows.ts';
import { type ColumnName, fillers, KeyRow, orderBy, type RowMeasures } from './key-row.ts';
import { openRows } from './open-rows.ts';
import type { RowFormat, RowWriter } from './row-writer.ts';

export interface KeysOptions extends ScanOptions {
  readonly columns: readonly ColumnName[];
  readonly format: RowFormat;
  /** Whether the names of the columns are the first line. Default true. */
  readonly heading?: boolean;
  readonly select?: KeySelection;
  /** The column to sort by; without one, keys come in the order of the file. */
  readonly sort?: ColumnName;
  readonly reverse?: boolean;
  /** Rows at most. */
  readonly limit?: number;
  /** Receives finished lines; `bytes` is valid until what is returned is settled. */
  readonly onOutput: (bytes: Uint8Array) => void | Promise<void>;
}

export interface KeysResult extends ScanResult {
  /** Rows that were written. */
  readonly rows: number;
}

/** Rows that are sorted at most where no limit is given. */
const sortedRowsMax = 2_000_000;
/** Bytes of lines that are gathered before they are handed on. */
const outputBytesMin = 1 << 18;

/** Lists the keys at `path`, a line a key. Damage is in the result, and the keys before it are listed. Throws as `scanKeys`, LimitError. */
export async function listKeys(path: string, options: KeysOptions): Promise<KeysResult> {
  const out = new ByteWriter();
  const list = new KeyList(path, options, out, await openRows(options.format, out, options.columns));
  const result = await scanKeys(path, options, list);
  await list.end();
  return { ...result, rows: list.rows };
}

class KeyList implements RowMeasures {
  rows = 0;
  readonly at: number;
  private readonly path: string;
  private readonly options: KeysOptions;
  private readonly out: ByteWriter;
  private readonly writer: RowWriter;
  private readonly row = new KeyRow();
  private readonly fill: readonly ((row: KeyRow, record: KeyRecord, measures: RowMeasures) => void)[];
  private readonly test: RecordTest | undefined;
  private readonly first: FirstRows | undefined;
  private readonly most: number;
  private readonly encodings = new EncodingReader();
  private serializer: RecordSerializer | undefined;
  private estimate: MemoryEstimate | undefined;

  constructor(path: string, options: KeysOptions, out: ByteWriter, writer: RowWriter) {
    const { columns, sort, reverse = false, limit, select = {}, at } = options;
    this.path = path;
    this.options = options;
    this.at = at;
    this.out = out;
    this.writer = writer;
    const needed = new Set(sort === undefined ? columns : [...columns, sort, 'db' as const]);
    this.fill = [...needed].map((column) => fillers[column]);
    this.test = recordTest(select, this);
    this.most = limit ?? Number.POSITIVE_INFINITY;
    this.first = sort && new FirstRows(orderBy(sort, reverse), Math.min(this.most, sortedRowsMax));
  }

  begin(facts: ScanFacts): void {
    this.serializer = new RecordSerializer(facts);
    this.estimate = new MemoryEstimate(facts, this.serializer);
    if (this.options.heading !== false) this.writer.begin();
  }

  key(record: KeyRecord): boolean | undefined {
    if (this.test?.(record) === false) return undefined;
    const { row } = this;
    for (const fill of this.fill) fill(row, record, this);
    if (this.first !== undefined) return this.sort(this.first);
    this.write(row);
    return this.rows < this.most;
  }

  private sort(first: FirstRows): undefined {
    if (first.size === sortedRowsMax && this.most > sortedRowsMax)
      throw new LimitError(
        this.path,
        `more than ${sortedRowsMax} keys to sort`,
        '--limit, which asks for the first of them only,',
      );
    first.add(this.row);
  }

  private write(row: KeyRow): void {
    this.rows++;
    this.writer.row(row);
  }

  async flush(): Promise<void> {
    if (this.out.length >= outputBytesMin) await this.handOver();
  }

  async end(): Promise<void> {
    for (const row of this.first?.sorted() ?? []) {
      this.write(row);
      await this.flush();
    }
    this.writer.end?.();
    await this.handOver();
  }

  private async handOver(): Promise<void> {
    if (this.out.length > 0) await this.options.onOutput(this.out.view());
    this.out.reset();
  }

  encoding(record: KeyRecord): string {
    return this.isSerialized(record) ? this.encodings.encoding(record) : 'raw';
  }

  elements(record: KeyRecord): number {
    return this.isSerialized(record) ? this.encodings.elements(record) : (record.value as ObjectValue).count;
  }

  /** Nothing for a vector set that commands have made. */
  bytes(record: KeyRecord): number {
    return this.estimate?.bytes(record) ?? Number.NaN;
  }

  private isSerialized(record: KeyRecord): boolean {
    return record.type >= 0 || this.serializer?.serialize(record) === true;
  }
}
