import { printable } from '../../io/text.ts';
import type { ByteWriter } from '../../io/writer.ts';
import { jsonBytesOf } from '../../keys/json-bytes.ts';
import { readableText } from '../../keys/readable-text.ts';
import { type ColumnName, isText, type KeyRow } from './key-row.ts';

export const rowFormats = ['table', 'jsonl', 'csv', 'tsv', 'parquet'] as const;
export type RowFormat = (typeof rowFormats)[number];

/** Writes rows. */
export interface RowWriter {
  begin(): void;
  row(row: KeyRow): void;
  /** Behind the last row. */
  end?(): void;
}

const writeJsonText = jsonBytesOf('utf8');

/** Gives the number of a column; a function for each, so that no property is looked up by its name for every row. */
const numbers: Readonly<Partial<Record<ColumnName, (row: KeyRow) => number>>> = {
  db: (row) => row.db,
  elements: (row) => row.elements,
  bytes: (row) => row.bytes,
  ttl: (row) => row.ttl,
  expiry: (row) => row.expiry,
  idle: (row) => row.idle,
  freq: (row) => row.freq,
  slot: (row) => row.slot,
  offset: (row) => row.offset,
  length: (row) => row.length,
};

/** Writes a column of a row behind its name; false where the row has nothing there. */
type JsonColumn = (row: KeyRow, out: ByteWriter, separator: number) => boolean;

const comma = 0x2c;
const brace = 0x7b;

function jsonColumn(name: ColumnName): JsonColumn {
  const head = `"${name}":`;
  const begin = (out: ByteWriter, separator: number) => {
    out.writeByte(separator);
    out.writeText(head);
  };
  const number = numbers[name];
  if (number !== undefined) {
    return (row, out, separator) => {
      const value = number(row);
      if (Number.isNaN(value)) return false;
      begin(out, separator);
      out.writeDecimal(value);
      return true;
    };
  }
  return (row, out, separator) => {
    begin(out, separator);
    if (name === 'key') writeJsonText(out, row.key, row.keyFrom, row.keyTo);
    else if (name === 'file') out.writeBytes(Buffer.from(JSON.stringify(row.file), 'utf8'));
    else {
      out.writeByte(0x22);
      out.writeText(name === 'type' ? row.type : row.encoding);
      out.writeByte(0x22);
    }
    return true;
  };
}

/** An object a row and line. */
export class JsonRows implements RowWriter {
  private readonly out: ByteWriter;
  private readonly columns: readonly JsonColumn[];

  constructor(out: ByteWriter, columns: readonly ColumnName[]) {
    this.out = out;
    this.columns = columns.map(jsonColumn);
  }

  begin(): void {}

  row(row: KeyRow): void {
    const { out } = this;
    let separator = brace;
    for (const write of this.columns) if (write(row, out, separator)) separator = comma;
    out.writeText(separator === brace ? '{}\n' : '}\n');
  }
}

/** RFC 4180 for `,`: what holds a separator, a quote or a line break is quoted. Names are readable text, which has no line breaks. */
export class SeparatedRows implements RowWriter {
  private readonly out: ByteWriter;
  private readonly columns: readonly ColumnName[];
  private readonly separator: string;

  constructor(out: ByteWriter, columns: readonly ColumnName[], separator: string) {
    this.out = out;
    this.columns = columns;
    this.separator = separator;
  }

  begin(): void {
    this.out.writeText(`${this.columns.join(this.separator)}${this.lineEnd}`);
  }

  private get lineEnd(): string {
    return this.separator === ',' ? '\r\n' : '\n';
  }

  row(row: KeyRow): void {
    const cells = this.columns.map((column) => this.cell(row, column));
    this.out.writeBytes(Buffer.from(`${cells.join(this.separator)}${this.lineEnd}`, 'utf8'));
  }

  private cell(row: KeyRow, column: ColumnName): string {
    if (column === 'key') return this.quoted(readableText(row.key, row.keyFrom, row.keyTo));
    const value = row[column];
    if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
    return this.quoted(printable(String(value)));
  }

  private quoted(text: string): string {
    return this.separator === ',' && /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
}

const widths: Readonly<Partial<Record<ColumnName, number>>> = {
  db: 4,
  type: 8,
  encoding: 10,
  elements: 10,
  bytes: 12,
  ttl: 11,
  expiry: 13,
  idle: 10,
  freq: 4,
  slot: 5,
  offset: 13,
  length: 10,
};

/** Columns of one width each, for people; the name comes last, since nothing bounds its width. */
export class TableRows implements RowWriter {
  private readonly out: ByteWriter;
  private readonly columns: readonly ColumnName[];

  constructor(out: ByteWriter, columns: readonly ColumnName[]) {
    this.out = out;
    const isWide = (column: ColumnName) => widths[column] === undefined;
    this.columns = [...columns.filter((column) => !isWide(column)), ...columns.filter(isWide)];
  }

  begin(): void {
    this.line((column) => column);
  }

  row(row: KeyRow): void {
    this.line((column) => {
      if (column === 'key') return readableText(row.key, row.keyFrom, row.keyTo);
      const value = row[column];
      return typeof value === 'number' && Number.isNaN(value) ? '-' : printable(String(value));
    });
  }

  private line(text: (column: ColumnName) => string): void {
    const cells = this.columns.map((column) => {
      const width = widths[column] ?? 0;
      return isText(column) ? text(column).padEnd(width) : text(column).padStart(width);
    });
    this.out.writeBytes(Buffer.from(`${cells.join('  ').trimEnd()}\n`, 'utf8'));
  }
}
