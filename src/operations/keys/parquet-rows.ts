import type { ByteWriter } from '../../io/writer.ts';
import { readableText } from '../../keys/readable-text.ts';
import type { TableColumn } from '../../output/parquet/parquet-column.ts';
import { ParquetTable } from '../../output/parquet/parquet-table.ts';
import { type ColumnName, isText, type KeyRow } from './key-row.ts';
import type { RowWriter } from './row-writer.ts';

/** Rows as a Parquet file: names as readable text, `expiry` as a timestamp, other numbers as integers. */
export class ParquetRows implements RowWriter {
  private readonly columns: readonly ColumnName[];
  private readonly table: ParquetTable;

  constructor(out: ByteWriter, columns: readonly ColumnName[]) {
    this.columns = columns;
    this.table = new ParquetTable({ write: (bytes) => out.writeBytes(bytes) }, columns.map(columnOf));
  }

  begin(): void {}

  row(row: KeyRow): void {
    this.table.row(this.columns.map((column) => cellOf(row, column)));
  }

  end(): void {
    this.table.finish();
  }
}

function columnOf(name: ColumnName): TableColumn {
  if (isText(name)) return { name, type: 'STRING', required: true, plain: name === 'key' };
  return { name, type: name === 'expiry' ? 'TIMESTAMP' : 'INT64' };
}

function cellOf(row: KeyRow, column: ColumnName): string | number | undefined {
  if (column === 'key') return readableText(row.key, row.keyFrom, row.keyTo);
  const value = row[column];
  return typeof value === 'number' ? (Number.isNaN(value) ? undefined : value) : String(value);
}
