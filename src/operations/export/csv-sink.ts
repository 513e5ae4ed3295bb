import { stringify } from 'csv-stringify/sync';
import { type ByteSink, ByteWriter } from '../../io/writer.ts';
import { jsonTextOf, valueProperties } from '../../keys/json-text.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import { cutValue } from '../../keys/truncated-value.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { Value } from '../../values/value.ts';
import { type TableText, tableTextOf } from './key-table.ts';
import type { ExportOptions } from './options.ts';
import type { ExportSink } from './sinks.ts';

const heading = ['db', 'key', 'type', 'encoding', 'elements', 'expiry', 'idle', 'freq', 'value', 'truncated'];
/** Rows that are put into lines at a time. */
const rowsAtATime = 500;
const charactersAtATime = 1 << 20;

type Cell = string | number | undefined;

/** A row a key, as RFC 4180 has it. A string is its text, every other value its JSON. */
export class CsvSink implements ExportSink {
  private readonly out: ByteWriter;
  private readonly text: TableText;
  private readonly json: (binary: string) => string;
  private readonly safe: boolean;
  private readonly valueBytesMax: number;
  private readonly maker = new KeyMaker({});
  private rows: Cell[][] = [heading];
  /** Characters of the values in these rows. */
  private gathered = 0;

  constructor(sink: ByteSink, { encoding = 'utf8', safe = false, maxValueBytes }: ExportOptions) {
    this.out = new ByteWriter(sink);
    this.text = tableTextOf(encoding);
    this.json = jsonTextOf(encoding);
    this.safe = safe;
    this.valueBytesMax = maxValueBytes ?? Number.POSITIVE_INFINITY;
  }

  begin(facts: ScanFacts): void {
    this.maker.begin(facts);
  }

  key(record: KeyRecord): boolean {
    const { expire, idle, freq, database } = record;
    // Serializing, which counting may take, replaces what the record refers to.
    const { cell, isCut } = this.value(record.decoded());
    this.rows.push([
      database,
      this.text(record.name),
      record.dataType,
      this.maker.encoding(record),
      this.maker.elements(record),
      Number.isNaN(expire) ? undefined : expire,
      idle < 0 ? undefined : idle,
      freq < 0 ? undefined : freq,
      cell,
      isCut ? 'true' : undefined,
    ]);
    this.gathered += cell.length;
    if (this.rows.length >= rowsAtATime || this.gathered >= charactersAtATime) this.write();
    return isCut;
  }

  private value(value: Value): { readonly cell: string; readonly isCut: boolean } {
    const isString = typeof value === 'number' || value instanceof Uint8Array;
    const { shown, isCut } = cutValue(value, isString ? this.text : this.json, this.valueBytesMax);
    return { cell: shown.type === 'string' ? shown.value : `{${valueProperties(shown)}}`, isCut };
  }

  private write(): void {
    const lines = stringify(this.rows, { record_delimiter: 'windows', escape_formulas: this.safe });
    this.rows = [];
    this.gathered = 0;
    this.out.writeBytes(Buffer.from(lines, 'utf8'));
    this.out.settle();
  }

  flush(): void {}

  finish(): void {
    if (this.rows.length > 0) this.write();
    this.out.spill();
  }
}
