import { type ByteSink, ByteWriter } from '../../io/writer.ts';
import type { TextEncoding } from '../../keys/json-text.ts';
import { KeyJson } from '../../keys/key-json.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { ExportSink } from './sinks.ts';

/** An object a key: one a line, or all in one array. */
export class JsonSink implements ExportSink {
  private readonly out: ByteWriter;
  private readonly isArray: boolean;
  private readonly encoding: TextEncoding;
  private json: KeyJson | undefined;
  private count = 0;

  constructor(sink: ByteSink, isArray: boolean, encoding: TextEncoding) {
    this.out = new ByteWriter(sink);
    this.isArray = isArray;
    this.encoding = encoding;
  }

  begin(facts: ScanFacts): void {
    const maker = new KeyMaker({});
    maker.begin(facts);
    this.json = new KeyJson(maker, this.encoding);
  }

  key(record: KeyRecord, omitted: boolean): void {
    const { out, json } = this;
    if (json === undefined) return;
    if (this.isArray) out.writeText(this.count === 0 ? '[\n' : ',\n');
    json.write(out, record, omitted);
    if (!this.isArray) out.writeByte(0x0a);
    this.count++;
  }

  flush(): void {
    this.out.settle();
  }

  finish(): void {
    if (this.isArray) this.out.writeText(this.count === 0 ? '[]\n' : '\n]\n');
    this.out.spill();
  }
}
