import { slotOf } from '../../engine/slot.ts';
import type { ByteSink } from '../../io/writer.ts';
import { jsonTextOf, valueProperties } from '../../keys/json-text.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import type { KeyValue } from '../../keys/key-value.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import { cutValue } from '../../keys/truncated-value.ts';
import type { TableColumn } from '../../output/parquet/parquet-column.ts';
import { ParquetTable } from '../../output/parquet/parquet-table.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import { type TableText, tableTextOf } from './key-table.ts';
import type { ExportOptions } from './options.ts';
import type { ExportSink } from './sinks.ts';

/** Latest moment that is written; later ones, which no reader shows, are left out. */
const momentMax = 8.64e15;

const momentOf = (at: number | undefined): number | undefined =>
  at === undefined || Number.isNaN(at) || Math.abs(at) > momentMax ? undefined : at;

/** A row a key. */
export class KeyTable implements ExportSink {
  private readonly table: ParquetTable;
  private readonly text: TableText;
  /** Whether printable ASCII is written as it is. */
  private readonly isPlainText: boolean;
  private readonly maker = new KeyMaker({});

  constructor(sink: ByteSink, { encoding = 'utf8', rowGroup }: ExportOptions) {
    this.text = tableTextOf(encoding);
    this.isPlainText = encoding !== 'base64';
    this.table = new ParquetTable(
      sink,
      [
        { name: 'db', type: 'INT32', required: true },
        { name: 'key', type: 'STRING', required: true, plain: true },
        { name: 'type', type: 'STRING', required: true },
        { name: 'encoding', type: 'STRING', required: true },
        { name: 'elements', type: 'INT64', required: true },
        { name: 'expiry', type: 'TIMESTAMP' },
        { name: 'idle', type: 'INT64' },
        { name: 'freq', type: 'INT32' },
        { name: 'slot', type: 'INT32', required: true, random: true },
        { name: 'offset', type: 'INT64' },
        { name: 'length', type: 'INT64' },
      ],
      rowGroup,
    );
  }

  begin(facts: ScanFacts): void {
    this.maker.begin(facts);
  }

  key(record: KeyRecord): boolean {
    const { expire, idle, freq, offset, end, key, keyFrom, keyTo } = record;
    const [db, name, type, encoding, elements, expiry, idleTime, frequency, slot, at, length] = this.table.cells;
    // These throw where the value is damaged: then the row is not begun.
    const count = this.maker.elements(record);
    const form = this.maker.encoding(record);
    db.number(record.database);
    if (this.isPlainText && isPlain(key, keyFrom, keyTo)) name.bytes(key, keyFrom, keyTo);
    else name.add(this.text(record.name));
    type.add(record.dataType);
    encoding.add(form);
    elements.number(count);
    expiry.add(momentOf(expire));
    idleTime.add(idle < 0 ? undefined : idle);
    frequency.add(freq < 0 ? undefined : freq);
    slot.number(slotOf(key, keyFrom, keyTo - keyFrom));
    at.add(offset < 0 ? undefined : offset);
    length.add(offset < 0 ? undefined : end - offset);
    this.table.endRow();
    return false;
  }

  flush(): void {}

  finish(): void {
    this.table.finish();
  }
}

/** Whether bytes are printable ASCII without what readable texts escape. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let position = from; position < to; position++) {
    const byte = bytes[position];
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false;
  }
  return true;
}

const head: readonly TableColumn[] = [
  { name: 'db', type: 'INT32', required: true },
  { name: 'key', type: 'STRING', required: true },
  { name: 'expiry', type: 'TIMESTAMP' },
  { name: 'truncated', type: 'BOOLEAN' },
];
type KeyCells = readonly [db: number, key: string, expiry: number | undefined, truncated: true | undefined];
const text = (name: string): TableColumn => ({ name, type: 'STRING', required: true });

/** The columns behind those of the key, by the file's name. */
const tables = {
  strings: [{ ...text('value'), plain: true }],
  lists: [{ name: 'index', type: 'INT64', required: true }, text('value')],
  sets: [text('member'), { name: 'member_expiry', type: 'TIMESTAMP' }],
  zsets: [
    text('member'),
    { name: 'score', type: 'DOUBLE', required: true },
    { name: 'member_expiry', type: 'TIMESTAMP' },
  ],
  hashes: [text('field'), text('value'), { name: 'field_expiry', type: 'TIMESTAMP' }],
  streams: [text('id'), { name: 'time', type: 'TIMESTAMP' }, text('field'), text('value')],
  others: [text('type'), { name: 'value', type: 'STRING', required: true }],
} as const satisfies Record<string, readonly TableColumn[]>;
type TableName = keyof typeof tables;
/** Data types with a table of their own. */
const tableTypes: ReadonlySet<string> = new Set(['string', 'list', 'set', 'zset', 'hash', 'stream']);

/** A file for each data type, a row an element. A file is made where there is a row for it. */
export class ElementTables implements ExportSink {
  private readonly openFile: (name: string) => ByteSink;
  private readonly options: ExportOptions;
  private readonly text: TableText;
  private readonly json: (binary: string) => string;
  private readonly open = new Map<TableName, ParquetTable>();

  constructor(openFile: (name: string) => ByteSink, options: ExportOptions) {
    this.openFile = openFile;
    this.options = options;
    this.text = tableTextOf(options.encoding ?? 'utf8');
    this.json = jsonTextOf(options.encoding ?? 'utf8');
  }

  begin(): void {}

  private table(name: TableName): ParquetTable {
    let table = this.open.get(name);
    if (table === undefined) {
      table = new ParquetTable(this.openFile(name), [...head, ...tables[name]], this.options.rowGroup);
      this.open.set(name, table);
    }
    return table;
  }

  key(record: KeyRecord): boolean {
    const max = this.options.maxValueBytes ?? Number.POSITIVE_INFINITY;
    const value = record.decoded();
    const isOther = !tableTypes.has(record.dataType);
    const { shown, isCut } = cutValue(value, isOther ? this.json : this.text, max);
    this.rows(shown, [record.database, this.text(record.name), momentOf(record.expire), isCut || undefined]);
    return isCut;
  }

  private rows(value: KeyValue<string>, of: KeyCells): void {
    if (value.type === 'string') this.table('strings').row([...of, value.value]);
    else if (value.type === 'list') {
      const table = this.table('lists');
      for (const [index, element] of value.elements.entries()) table.row([...of, index, element]);
    } else if (value.type === 'set') {
      const table = this.table('sets');
      for (const { member, expiry } of value.members) table.row([...of, member, momentOf(expiry)]);
    } else if (value.type === 'zset') {
      const table = this.table('zsets');
      for (const { member, score, expiry } of value.members) table.row([...of, member, score, momentOf(expiry)]);
    } else if (value.type === 'hash') {
      const table = this.table('hashes');
      for (const { field, value: content, expiry } of value.fields)
        table.row([...of, field, content, momentOf(expiry)]);
    } else if (value.type === 'stream') {
      const table = this.table('streams');
      for (const { id, fields } of value.entries) {
        const time = momentOf(Number(id.slice(0, id.indexOf('-'))));
        for (let index = 0; index < fields.length; index += 2)
          table.row([...of, id, time, fields[index], fields[index + 1]]);
      }
    } else this.table('others').row([...of, value.type, `{${valueProperties(value)}}`]);
  }

  flush(): void {}

  finish(): void {
    for (const table of this.open.values()) table.finish();
    this.open.clear();
  }
}
