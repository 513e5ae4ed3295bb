import { LimitError } from '../errors.ts';
import { EncodingError, FormatError } from '../faults.ts';
import { ByteWriter } from '../io/writer.ts';
import { ModuleValue } from '../rdb/codec/module-value.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import type { Value } from '../values/value.ts';
import { type JsonBytes, jsonBytesOf, writeBase64Digits } from './json-bytes.ts';
import { type JsonText, jsonTextOf, type TextEncoding, valueProperties } from './json-text.ts';
import type { KeyMaker } from './key-maker.ts';
import { RawJson } from './raw-json.ts';
import { cutLength, cutValue } from './truncated-value.ts';

export interface KeyJsonOptions {
  /** Default `utf8`. */
  readonly encoding?: TextEncoding;
  /** Bytes of a value at most, of a string or of the JSON of its elements' texts: a longer one is cut, and marked with `"truncated":true`. Default: no limit. */
  readonly maxValueBytes?: number;
  /** Written first in each object, as `source`. */
  readonly source?: string;
}

/**
 * Writes keys as objects of JSON, one a key: `{"db":0,"key":"…","type":"hash",…,"value":{…}}` (docs/export.md). Serialized values of the
 * usual forms are written straight from their bytes.
 */
export class KeyJson {
  private readonly maker: KeyMaker;
  private readonly options: KeyJsonOptions;
  private readonly text: JsonText;
  private readonly bytes: JsonBytes;
  private readonly raw: RawJson;
  /** What stands before the number of the database, a binary string. */
  readonly start: string;

  /** `maker` has been told what the keys come from, and gives encodings and counts. */
  constructor(maker: KeyMaker, options: KeyJsonOptions = {}) {
    const { encoding = 'utf8', source } = options;
    this.maker = maker;
    this.options = options;
    this.text = jsonTextOf(encoding);
    this.bytes = jsonBytesOf(encoding);
    this.raw = new RawJson(this.bytes, encoding === 'base64');
    const first = source === undefined ? '' : `"source":${JSON.stringify(source)},`;
    this.start = Buffer.from(`{${first}"db":`, 'utf8').latin1Slice();
  }

  /** The object of a key as a text. */
  key(record: KeyRecord): string {
    const out = new ByteWriter();
    this.write(record, out);
    return out.view().toString('utf8');
  }

  /**
   * Appends the object of a key; true where its value was cut. `out` has no sink. Throws FormatError or EncodingError, with nothing written,
   * where the value is damaged.
   */
  write(record: KeyRecord, out: ByteWriter): boolean {
    const start = out.length;
    try {
      if (this.writeRaw(record, out)) return false;
      out.length = start;
      return this.writeDecoded(record, out);
    } catch (error) {
      out.length = start;
      if (!isTooLong(error)) throw error;
      throw new LimitError(record.path, 'a value is too long to be one text of JSON', '--max-value-bytes');
    }
  }

  /** False, with anything written, for what must be decoded: of what is damaged, too, decoding decides what it is. */
  private writeRaw(record: KeyRecord, out: ByteWriter): boolean {
    try {
      return this.writeSerialized(record, out);
    } catch (error) {
      if (error instanceof FormatError || error instanceof EncodingError) return false;
      throw error;
    }
  }

  private writeSerialized(record: KeyRecord, out: ByteWriter): boolean {
    const { options, raw } = this;
    if (record.type < 0 || !raw.begin(record.type, record.raw, record.rawFrom, record.rawTo)) return false;
    this.writeHead(record, out, raw.elements);
    out.writeText(',"value":');
    const valueStart = out.length;
    if (!raw.write(out)) return false;
    // No text is longer than its JSON.
    if (out.length - valueStart > (options.maxValueBytes ?? Number.POSITIVE_INFINITY)) return false;
    out.writeByte(closeBrace);
    return true;
  }

  private writeDecoded(record: KeyRecord, out: ByteWriter): boolean {
    // Serializing replaces what the record refers to.
    const value = record.decoded();
    this.writeHead(record, out, this.maker.elements(record));
    out.writeByte(comma);
    const isCut = this.writeValue(out, value, this.options.maxValueBytes ?? Number.POSITIVE_INFINITY);
    out.writeText(isCut ? ',"truncated":true}' : '}');
    return isCut;
  }

  /** True where it was cut. */
  private writeValue(out: ByteWriter, value: Value, max: number): boolean {
    if (isModule(value)) {
      out.writeText(`"value":{"module":${JSON.stringify(value.typeName)},"base64":"`);
      writeBase64Digits(out, value.raw, 0, Math.min(max, value.raw.length));
      out.writeText('"}');
      return value.raw.length > max;
    }
    if (value instanceof Uint8Array) {
      const bytes = value as Buffer;
      const end = cutLength(bytes, max);
      out.writeText('"value":');
      this.bytes(out, bytes, 0, end);
      return end < bytes.length;
    }
    const { shown, isCut } = cutValue(value, this.text, max);
    writeJson(out, valueProperties(shown));
    return isCut;
  }

  private writeHead(record: KeyRecord, out: ByteWriter, elements: number): void {
    const { expire, idle, freq } = record;
    out.writeText(this.start);
    out.writeDecimal(record.database);
    out.writeText(',"key":');
    this.bytes(out, record.key, record.keyFrom, record.keyTo);
    out.writeText(',"type":"');
    out.writeText(record.dataType);
    out.writeText('","encoding":"');
    out.writeText(this.maker.encoding(record));
    out.writeText('","elements":');
    out.writeDecimal(elements);
    if (!Number.isNaN(expire)) {
      out.writeText(',"expiry":');
      out.writeDecimal(expire);
    }
    if (idle >= 0) {
      out.writeText(',"idle":');
      out.writeDecimal(idle);
    }
    if (freq >= 0) {
      out.writeText(',"freq":');
      out.writeDecimal(freq);
    }
  }
}

const comma = 0x2c;
const closeBrace = 0x7d;

const isModule = (value: Value): value is ModuleValue => value instanceof ModuleValue && value.typeName !== 'vectorset';

const isTooLong = (error: unknown): boolean =>
  error instanceof RangeError && error.message.includes('Invalid string length');

/** Texts of JSON may have characters beyond one byte. */
function writeJson(out: ByteWriter, json: string): void {
  const lengthMax = json.length * 3;
  out.reserve(lengthMax);
  out.length += out.bytes.write(json, out.length, 'utf8');
}
