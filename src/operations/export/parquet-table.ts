import {
  type BasicType,
  type ColumnSource,
  ByteWriter as ParquetBytes,
  ParquetWriter,
  schemaFromColumnData,
} from 'hyparquet-writer';
import type { ByteSink } from '../../io/writer.ts';

/** A column; one that is not required may hold nothing. */
export interface TableColumn {
  readonly name: string;
  readonly type: BasicType;
  readonly required?: boolean;
  /** Values that hardly repeat: no dictionary is tried. */
  readonly plain?: boolean;
}

export type Cell = string | number | bigint | Uint8Array | Date | boolean | undefined;

/** Rows of a row group where nothing else is asked for. */
const rowGroupDefault = 50_000;
/** Characters and bytes of texts that a row group gathers at most, so that memory stays bounded. */
const groupBytesMax = 8 * 1024 * 1024;

/** One Parquet file, written a row group at a time. */
export class ParquetTable {
  private readonly sink: ByteSink;
  private readonly columns: readonly TableColumn[];
  private readonly rowGroup: number;
  private readonly bytes = new ParquetBytes(1 << 20);
  private readonly writer: ParquetWriter;
  private cells: Cell[][];
  private gathered = 0;

  constructor(sink: ByteSink, columns: readonly TableColumn[], rowGroup = rowGroupDefault) {
    this.sink = sink;
    this.columns = columns;
    this.rowGroup = rowGroup;
    this.cells = columns.map(() => []);
    const schema = schemaFromColumnData({ columnData: this.sources() });
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: 'aofkit' });
  }

  private sources(): ColumnSource[] {
    return this.columns.map(({ name, type, required = false, plain = false }, index) => ({
      name,
      type,
      nullable: !required,
      data: this.cells[index],
      ...(plain && { encoding: 'PLAIN' as const }),
    }));
  }

  /** The cells in the order of the columns. */
  row(cells: readonly Cell[]): void {
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index];
      this.cells[index].push(cell);
      if (typeof cell === 'string' || cell instanceof Uint8Array) this.gathered += cell.length;
    }
    if (this.cells[0].length >= this.rowGroup || this.gathered >= groupBytesMax) this.writeGroup();
  }

  private writeGroup(): void {
    const rows = this.cells[0].length;
    if (rows === 0) return;
    this.writer.write({ columnData: this.sources(), rowGroupSize: rows });
    this.cells = this.columns.map(() => []);
    this.gathered = 0;
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
