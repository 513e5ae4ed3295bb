import type { ByteWriter } from '../io/writer.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import { type JsonText, jsonTextOf, type TextEncoding, valueProperties } from './json-text.ts';
import type { KeyMaker } from './key-maker.ts';
import { keyValueOf } from './key-value.ts';

/** Writes keys as objects of JSON, one a key. */
export class KeyJson {
  private readonly maker: KeyMaker;
  private readonly text: JsonText;

  /** `maker` has been told what the keys come from. */
  constructor(maker: KeyMaker, encoding: TextEncoding = 'utf8') {
    this.maker = maker;
    this.text = jsonTextOf(encoding);
  }

  /** `{"db":0,"key":"…","type":"hash",…,"value":{…}}` */
  key(record: KeyRecord): string {
    return `{${this.head(record)},${valueProperties(keyValueOf(record.decoded(), this.text))}}`;
  }

  /** Writes the same; with `omitted` without the value, and with `"omitted":true`. */
  write(out: ByteWriter, record: KeyRecord, omitted: boolean): void {
    const text = omitted ? `{${this.head(record)},"omitted":true}` : this.key(record);
    out.writeBytes(Buffer.from(text, 'utf8'));
  }

  private head(record: KeyRecord): string {
    const { expire, idle, freq } = record;
    let head = `"db":${record.database},"key":${this.text(record.name)},"type":"${record.dataType}"`;
    head += `,"encoding":"${this.maker.encoding(record)}","elements":${this.maker.elements(record)}`;
    if (!Number.isNaN(expire)) head += `,"expiry":${expire}`;
    if (idle >= 0) head += `,"idle":${idle}`;
    if (freq >= 0) head += `,"freq":${freq}`;
    return head;
  }
}
