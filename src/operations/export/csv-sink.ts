import { stringify } from 'csv-stringify/sync';
import { type ByteSink, ByteWriter } from '../../io/writer.ts';
import { jsonTextOf, type TextEncoding, valueProperties } from '../../keys/json-text.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import { keyValueOf } from '../../keys/key-value.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { Value } from '../../values/value.ts';
import { type TableText, tableTextOf } from './key-table.ts';
import type { ExportSink } from './sinks.ts';

const heading = ['db', 'key', 'type', 'encoding', 'elements', 'expiry', 'idle', 'freq', 'value'];
/** Rows that are put into lines at a time. */
const rowsAtATime = 500;

type Cell = string | number | undefined;

/** A row a key, as RFC 4180 has it. A string is its text, every other value its JSON. */
export class CsvSink implements ExportSink {
  private readonly out: ByteWriter;
  private readonly text: TableText;
  private readonly json: (binary: string) => string;
  private readonly safe: boolean;
  private readonly maker = new KeyMaker({});
  private rows: Cell[][] = [heading];

  constructor(sink: ByteSink, encoding: TextEncoding, safe: boolean) {
    this.out = new ByteWriter(sink);
    this.text = tableTextOf(encoding);
    this.json = jsonTextOf(encoding);
    this.safe = safe;
  }

  begin(facts: ScanFacts): void {
    this.maker.begin(facts);
  }

  key(record: KeyRecord, omitted: boolean): void {
    const { expire, idle, freq, database } = record;
    this.rows.push([
      database,
      this.text(record.name),
      record.dataType,
      this.maker.encoding(record),
      this.maker.elements(record),
      Number.isNaN(expire) ? undefined : expire,
      idle < 0 ? undefined : idle,
      freq < 0 ? undefined : freq,
      omitted ? undefined : this.value(record.decoded()),
    ]);
    if (this.rows.length >= rowsAtATime) this.write();
  }

  private value(value: Value): string {
    if (typeof value === 'number') return String(value);
    if (value instanceof Uint8Array) return this.text((value as Buffer).latin1Slice());
    return `{${valueProperties(keyValueOf(value, this.json))}}`;
  }

  private write(): void {
    const lines = stringify(this.rows, { record_delimiter: 'windows', escape_formulas: this.safe });
    this.rows = [];
    this.out.writeBytes(Buffer.from(lines, 'utf8'));
  }

  flush(): void {
    this.out.settle();
  }

  finish(): void {
    if (this.rows.length > 0) this.write();
    this.out.spill();
  }
}
