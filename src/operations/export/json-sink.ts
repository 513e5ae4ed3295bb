import { type ByteSink, ByteWriter } from '../../io/writer.ts';
import { type DamagedReceiver, JsonBatch } from '../../keys/json-batch.ts';
import { KeyJson, type KeyJsonOptions } from '../../keys/key-json.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { ExportSink } from './sinks.ts';

/** Bytes that are gathered before they are handed on, and room that stays. */
const handOverBytes = 256 * 1024;
const roomMax = 4 * 1024 * 1024;

/** An object a key: one a line, or all in one array. */
export class JsonSink implements ExportSink {
  private readonly sink: ByteSink;
  private readonly isArray: boolean;
  private readonly options: KeyJsonOptions;
  /** What was not handed on yet: an object in it can still be taken back. */
  private out = new ByteWriter();
  private json: KeyJson | undefined;
  private batch: JsonBatch | undefined;
  private count = 0;

  constructor(sink: ByteSink, isArray: boolean, options: KeyJsonOptions) {
    this.sink = sink;
    this.isArray = isArray;
    this.options = options;
  }

  begin(facts: ScanFacts, source: string | undefined): void {
    const maker = new KeyMaker({});
    maker.begin(facts);
    const json = new KeyJson(maker, { ...this.options, source });
    this.json = json;
    const { encoding = 'utf8', maxValueBytes } = this.options;
    // The kernel knows one form of texts, and cuts nothing.
    if (encoding !== 'utf8' || maxValueBytes !== undefined) return;
    const texts = this.isArray ? { start: `${separator}${json.start}`, end: '}' } : { start: json.start, end: '}\n' };
    this.batch = JsonBatch.open(texts, {
      written: (bytes, keys) => this.writeMade(bytes, keys),
      left: (record) => this.write(record),
    });
  }

  key(record: KeyRecord): boolean {
    return this.batch?.take(record) === true ? false : this.write(record);
  }

  passed(damaged: DamagedReceiver): void {
    this.batch?.flush(damaged);
  }

  private writeMade(bytes: Uint8Array, keys: number): void {
    const isFirst = this.isArray && this.count === 0;
    if (isFirst) this.out.writeText('[\n');
    this.handOver();
    this.sink.write(isFirst ? bytes.subarray(separator.length) : bytes);
    this.count += keys;
  }

  private write(record: KeyRecord): boolean {
    const { out, json } = this;
    if (json === undefined) return false;
    const start = out.length;
    if (this.isArray) out.writeText(this.count === 0 ? '[\n' : separator);
    let isCut = false;
    try {
      isCut = json.write(record, out);
    } catch (error) {
      out.length = start;
      throw error;
    }
    if (!this.isArray) out.writeByte(0x0a);
    this.count++;
    if (out.length >= handOverBytes) this.handOver();
    return isCut;
  }

  flush(): void {}

  finish(): void {
    if (this.isArray) this.out.writeText(this.count === 0 ? '[]\n' : '\n]\n');
    this.handOver();
  }

  private handOver(): void {
    if (this.out.length > 0) this.sink.write(this.out.view());
    // A single value that needed much room does not keep it.
    if (this.out.bytes.length > roomMax) this.out = new ByteWriter();
    else this.out.reset();
  }
}

const separator = ',\n';
