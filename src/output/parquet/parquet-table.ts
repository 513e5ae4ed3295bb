import { ByteWriter as ParquetBytes, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { ByteSink } from '../../io/writer.ts';
import { type Cell, ColumnBuffer, type TableColumn } from './parquet-column.ts';

/** Rows of a row group where nothing else is asked for. */
const rowGroupDefault = 50_000;
/** Bytes that a row group gathers at most, so that memory stays bounded. */
const groupBytesMax = 8 * 1024 * 1024;
/** Rows between two looks at how much was gathered. */
const rowsBetweenLooks = 64;
/** A text of so many bytes is a reason to look at once. */
const longText = 64 * 1024;

/** One Parquet file, written a row group at a time: the cells of a row in the order of the columns, then `endRow`. */
export class ParquetTable {
  readonly cells: readonly ColumnBuffer[];
  private readonly sink: ByteSink;
  private readonly rowGroup: number;
  private readonly bytes = new ParquetBytes(1 << 16);
  private readonly writer: ParquetWriter;
  private rows = 0;

  constructor(sink: ByteSink, columns: readonly TableColumn[], rowGroup = rowGroupDefault) {
    this.sink = sink;
    this.rowGroup = rowGroup;
    this.cells = columns.map((column) => new ColumnBuffer(column));
    const columnData = columns.map(({ name, type, required = false }) => ({
      name,
      type,
      nullable: !required,
      data: [],
    }));
    this.writer = new ParquetWriter({
      writer: this.bytes,
      schema: schemaFromColumnData({ columnData }),
      createdBy: 'aofkit',
    });
  }

  row(cells: readonly Cell[]): void {
    let isLong = false;
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index];
      this.cells[index].add(cell);
      if (typeof cell === 'string' && cell.length > longText) isLong = true;
    }
    this.endRow(isLong);
  }

  /** `isLong`: a text of the row is a long one. */
  endRow(isLong = false): void {
    this.rows++;
    if (this.rows >= this.rowGroup || ((isLong || this.rows % rowsBetweenLooks === 0) && this.isFull()))
      this.writeGroup();
  }

  private isFull(): boolean {
    let length = 0;
    for (const column of this.cells) length += column.length;
    return length >= groupBytesMax;
  }

  private writeGroup(): void {
    const { writer, bytes, rows } = this;
    if (rows === 0) return;
    const from = bytes.offset;
    const columns = this.cells.map((column) => column.writeChunk(bytes));
    let size = 0n;
    for (const { meta_data } of columns) size += meta_data.total_uncompressed_size;
    writer.row_groups.push({
      columns,
      total_byte_size: size,
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(bytes.offset - from),
    });
    writer.num_rows += BigInt(rows);
    this.rows = 0;
    this.handOn();
  }

  private handOn(): void {
    this.sink.write(this.bytes.getBytes());
    this.bytes.index = 0;
  }

  finish(): void {
    this.writeGroup();
    this.writer.finish();
    this.handOn();
  }
}
