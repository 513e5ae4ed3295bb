import { AofWriter } from '../../aof/writer/aof-writer.ts';
import { targetOfName } from '../../dataset/flavor-choice.ts';
import type { ByteSink } from '../../io/writer.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import { RecordSerializer } from '../../keys/serializer.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { ExportOptions } from './options.ts';
import type { ExportSink } from './sinks.ts';

/** The commands that rebuild the keys, for a pipe to redis-cli. */
export class RespSink implements ExportSink {
  private readonly sink: ByteSink;
  private readonly target: string | undefined;
  private readonly max: number;
  private readonly maker = new KeyMaker({});
  private writer: AofWriter | undefined;
  private database = -1;

  constructor(sink: ByteSink, { target, maxValueBytes }: ExportOptions) {
    this.sink = sink;
    this.target = target;
    this.max = maxValueBytes ?? Number.POSITIVE_INFINITY;
  }

  begin(facts: ScanFacts): void {
    this.maker.begin(facts);
    this.writer?.finish();
    const target = this.target === undefined ? new RecordSerializer(facts).target : targetOfName(this.target);
    this.writer = new AofWriter(this.sink, { target });
    this.database = -1;
  }

  /** A command with half a value would be another value: keys with long ones are left out. */
  key(record: KeyRecord): boolean {
    const { writer } = this;
    if (writer === undefined) return false;
    if (this.max < Number.POSITIVE_INFINITY && this.maker.valueLength(record) > this.max) return true;
    if (record.database !== this.database) writer.selectDatabase(record.database);
    this.database = record.database;
    const { type, key, keyFrom, keyTo, expire, noEvict } = record;
    if (type >= 0) {
      const { raw, rawFrom, rawTo } = record;
      if (writer.writeRawKey(type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo, noEvict)) return false;
    }
    writer.writeKey(key, keyFrom, keyTo, expire, record.decoded(), noEvict);
    return false;
  }

  flush(): void {}

  finish(): void {
    this.writer?.finish();
  }
}
