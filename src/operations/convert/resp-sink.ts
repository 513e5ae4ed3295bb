import { AofWriter, type OnExisting } from '../../aof/writer/aof-writer.ts';
import type { ByteSink } from '../../io/writer.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import type { Loss } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import type { KeySink } from './key-sink.ts';

/** Keys as commands: serialized values straight from their bytes where that can be. */
export class RespKeySink implements KeySink {
  private readonly rewriter: AofWriter;
  private readonly target: Target;
  private readonly onLoss: (loss: Loss) => void;

  constructor(sink: ByteSink, target: Target, onLoss: (loss: Loss) => void, onExisting?: OnExisting) {
    this.rewriter = new AofWriter(sink, { target, onLoss, onExisting });
    this.target = target;
    this.onLoss = onLoss;
  }

  get keys(): number {
    return this.rewriter.keyCount;
  }

  function(code: string): void {
    this.rewriter.writeFunction(code);
  }

  moduleAux(): void {
    const reason = 'commands cannot carry what a module keeps beside keys';
    this.onLoss({ db: 0, key: '', kind: 'module-aux', outcome: 'part-dropped', reason });
  }

  aux(): boolean {
    return false;
  }

  slots(): boolean {
    return false;
  }

  database(database: number): void {
    this.rewriter.selectDatabase(database);
  }

  key(record: KeyRecord): void {
    const { type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo, noEvict } = record;
    if (record.idle >= 0 || record.freq >= 0 || record.metadata.length > 0) this.loseUsage(record);
    // The bytes may not be changed while they are read: a rewriter only reads.
    if (type >= 0 && this.rewriter.writeRawKey(type, key, keyFrom, keyTo, expire, raw, rawFrom, rawTo, noEvict)) return;
    this.rewriter.writeKey(key, keyFrom, keyTo, expire, record.decoded(), noEvict);
  }

  commands(bytes: Buffer, length: number, count: number): void {
    this.rewriter.writeCommands(bytes, length, count);
  }

  private loseUsage(record: KeyRecord): void {
    const kind = record.metadata.length > 0 ? 'key-metadata' : 'usage';
    const what = kind === 'usage' ? 'when or how often a key was used' : 'what modules attached to a key';
    const reason = `commands for ${this.target.name} cannot carry ${what}`;
    this.onLoss({ db: record.database, key: record.name, kind, outcome: 'part-dropped', reason });
  }

  finish(): void {
    this.rewriter.finish();
  }
}
