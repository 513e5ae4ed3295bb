import { ByteWriter as ParquetBytes } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { ByteWriter } from '../../io/writer.ts';
import { appendText, TextDictionary } from './text-dictionary.ts';

/*
 * Columns of a row group, gathered as the bytes that a page has: hyparquet-writer, which writes schema and footer, takes arrays with a value
 * for each row, and both its time and the memory of the values were several times what this takes.
 *
 *     chunk := [dictionary page] data page (version 2)
 *     data page := header, levels of definition where there may be nothing, values: plain, or numbers of the dictionary
 */

type ColumnType = 'STRING' | 'INT32' | 'INT64' | 'DOUBLE' | 'TIMESTAMP' | 'BOOLEAN';

/** A column; one that is not required may hold nothing. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly required?: boolean;
  /** Values that hardly repeat: no dictionary is tried. */
  readonly plain?: boolean;
  /** Values that are as good as random: pages are not compressed. */
  readonly random?: boolean;
}

export type Cell = string | number | boolean | undefined;

const physicalTypes = {
  STRING: 'BYTE_ARRAY',
  INT32: 'INT32',
  INT64: 'INT64',
  DOUBLE: 'DOUBLE',
  TIMESTAMP: 'INT64',
  BOOLEAN: 'BOOLEAN',
} as const;

const createdRows = 1024;

export class ColumnBuffer {
  readonly column: TableColumn;
  /** Texts that are not in a dictionary. */
  private readonly texts = new ByteWriter();
  private numbers = new Float64Array(createdRows);
  private count = 0;
  private readonly dictionary: TextDictionary | undefined;
  private rows = 0;
  private nulls = 0;
  /** 1 for each row that has a value; of a column that is not required. */
  private levels = new Uint8Array(createdRows);
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;

  constructor(column: TableColumn) {
    this.column = column;
    if (column.type === 'STRING' && column.plain !== true) this.dictionary = new TextDictionary();
  }

  /** Bytes that are gathered. */
  get length(): number {
    return this.texts.length + this.count * 8 + (this.dictionary?.length ?? 0);
  }

  nothing(): void {
    this.level(0);
    this.nulls++;
  }

  /** A number of INT32, INT64, DOUBLE or TIMESTAMP; of BOOLEAN 0 or 1. */
  number(value: number): void {
    this.level(1);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.count === this.numbers.length) {
      const grown = new Float64Array(this.count * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[this.count++] = value;
  }

  /** A text in UTF-8. */
  bytes(source: Buffer, from: number, to: number): void {
    this.level(1);
    if (this.dictionary !== undefined) this.dictionary.add(source, from, to);
    else appendText(this.texts, source, from, to);
  }

  add(cell: Cell): void {
    if (cell === undefined) this.nothing();
    else if (typeof cell === 'string') this.text(cell);
    else this.number(Number(cell));
  }

  private text(text: string): void {
    if (this.dictionary?.addAgain(text) === true) {
      this.level(1);
      return;
    }
    // Three bytes are the most that a UTF-16 unit becomes.
    if (scratch.length < text.length * 3) scratch = Buffer.allocUnsafeSlow(text.length * 3);
    this.bytes(scratch, 0, scratch.write(text, 'utf8'));
    this.dictionary?.remember(text);
    if (scratch.length > scratchMax) scratch = Buffer.allocUnsafeSlow(scratchBytes);
  }

  private level(level: number): void {
    const { rows } = this;
    this.rows++;
    if (this.column.required) return;
    if (rows === this.levels.length) {
      const grown = new Uint8Array(rows * 2);
      grown.set(this.levels);
      this.levels = grown;
    }
    this.levels[rows] = level;
  }

  /** Writes the chunk, and forgets the rows; what the footer says of it. */
  writeChunk(out: ParquetBytes) {
    const from = out.offset;
    const { dictionary, column } = this;
    const type = physicalTypes[column.type];
    const pages = dictionary?.pages();
    let dictionaryAt: number | undefined;
    let size = 0;
    if (pages?.dictionary !== undefined) {
      dictionaryAt = out.offset;
      size += writeDictionary(out, pages.dictionary, pages.count);
    }
    const dataAt = out.offset;
    const encoding = dictionaryAt === undefined ? 'PLAIN' : 'RLE_DICTIONARY';
    size += this.writeData(out, pages?.data ?? this.plainValues(), encoding);
    const { rows, nulls } = this;
    const chunk = chunkOf({
      column,
      type,
      from,
      to: out.offset,
      size,
      dataAt,
      dictionaryAt,
      encoding,
      rows,
      nulls,
      bounds: this.bounds(),
    });
    this.reset();
    return chunk;
  }

  private plainValues(): Uint8Array {
    const { column, count, numbers } = this;
    const values = numbers.subarray(0, count);
    if (column.type === 'STRING') return this.texts.view();
    if (column.type === 'BOOLEAN') return packBits(values);
    if (column.type === 'DOUBLE') return bytesOf(values);
    return bytesOf(column.type === 'INT32' ? Int32Array.from(values) : integersOf(values));
  }

  private bounds(): readonly [number | bigint, number | bigint] | undefined {
    const { min, max, column } = this;
    if (column.type === 'STRING' || column.type === 'BOOLEAN' || !Number.isFinite(min) || !Number.isFinite(max))
      return undefined;
    if (column.type === 'INT64' || column.type === 'TIMESTAMP') return [BigInt(min), BigInt(max)];
    // The bounds of a double have the sign of zero that the format asks for.
    return [min === 0 && column.type === 'DOUBLE' ? -0 : min, max === 0 ? 0 : max];
  }

  private writeData(out: ParquetBytes, values: Uint8Array, encoding: 'PLAIN' | 'RLE_DICTIONARY'): number {
    const { rows, nulls, column } = this;
    const levels = new ParquetBytes();
    if (!column.required) writeRleBitPackedHybrid(levels, this.levels.subarray(0, rows), 1);
    // Numbers of a dictionary are packed already.
    const isCompressed = encoding === 'PLAIN' && column.random !== true;
    const bytes = bytesOf(values);
    const compressed = isCompressed ? snappyCompress(bytes) : bytes;
    const headerAt = out.offset;
    writePageHeader(out, {
      type: 'DATA_PAGE_V2',
      uncompressed_page_size: levels.offset + values.length,
      compressed_page_size: levels.offset + compressed.length,
      data_page_header_v2: {
        num_values: rows,
        num_nulls: nulls,
        num_rows: rows,
        encoding,
        definition_levels_byte_length: levels.offset,
        repetition_levels_byte_length: 0,
        is_compressed: isCompressed,
      },
    });
    const headerLength = out.offset - headerAt;
    out.appendBytes(levels.getBytes());
    out.appendBytes(compressed);
    return headerLength + levels.offset + values.length;
  }

  private reset(): void {
    this.texts.reset();
    this.count = 0;
    this.dictionary?.reset();
    this.rows = this.nulls = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
  }
}

const scratchBytes = 64 * 1024;
const scratchMax = 4 * 1024 * 1024;
let scratch = Buffer.allocUnsafeSlow(scratchBytes);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Integers of 64 bits, low half first. */
function integersOf(values: Float64Array): Int32Array {
  const halves = new Int32Array(values.length * 2);
  for (let index = 0; index < values.length; index++) {
    halves[2 * index] = values[index] | 0;
    halves[2 * index + 1] = Math.floor(values[index] / 4294967296);
  }
  return halves;
}

/** A bit a value. */
function packBits(values: Float64Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(values.length / 8));
  for (let index = 0; index < values.length; index++) packed[index >> 3] |= values[index] << (index & 7);
  return packed;
}

function writeDictionary(out: ParquetBytes, bytes: Uint8Array, count: number): number {
  const compressed = snappyCompress(bytesOf(bytes));
  const headerAt = out.offset;
  writePageHeader(out, {
    type: 'DICTIONARY_PAGE',
    uncompressed_page_size: bytes.length,
    compressed_page_size: compressed.length,
    dictionary_page_header: { num_values: count, encoding: 'PLAIN' },
  });
  const headerLength = out.offset - headerAt;
  out.appendBytes(compressed);
  return headerLength + bytes.length;
}

function chunkOf({
  column,
  type,
  from,
  to,
  size,
  dataAt,
  dictionaryAt,
  encoding,
  rows,
  nulls,
  bounds,
}: {
  readonly column: TableColumn;
  readonly type: (typeof physicalTypes)[ColumnType];
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly dataAt: number;
  readonly dictionaryAt: number | undefined;
  readonly encoding: 'PLAIN' | 'RLE_DICTIONARY';
  readonly rows: number;
  readonly nulls: number;
  readonly bounds: readonly [number | bigint, number | bigint] | undefined;
}) {
  const encodings: ('PLAIN' | 'RLE_DICTIONARY' | 'RLE')[] = column.required ? [encoding] : [encoding, 'RLE'];
  if (dictionaryAt !== undefined) encodings.push('PLAIN');
  return {
    file_offset: BigInt(from),
    meta_data: {
      type,
      encodings,
      path_in_schema: [column.name],
      codec: 'SNAPPY' as const,
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(size),
      total_compressed_size: BigInt(to - from),
      data_page_offset: BigInt(dataAt),
      ...(dictionaryAt !== undefined && { dictionary_page_offset: BigInt(dictionaryAt) }),
      statistics: { null_count: BigInt(nulls), ...(bounds && { min_value: bounds[0], max_value: bounds[1] }) },
    },
  };
}
