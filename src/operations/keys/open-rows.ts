import type { ByteWriter } from '../../io/writer.ts';
import type { ColumnName } from './key-row.ts';
import { JsonRows, type RowFormat, type RowWriter, SeparatedRows, TableRows } from './row-writer.ts';

/** The writer of a format. */
export async function openRows(format: RowFormat, out: ByteWriter, columns: readonly ColumnName[]): Promise<RowWriter> {
  // Only where it is asked for: the start-up weighs on small files.
  if (format === 'parquet') return new (await import('./parquet-rows.ts')).ParquetRows(out, columns);
  if (format === 'table') return new TableRows(out, columns);
  return format === 'jsonl'
    ? new JsonRows(out, columns)
    : new SeparatedRows(out, columns, format === 'csv' ? ',' : '\t');
}
