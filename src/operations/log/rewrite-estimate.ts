import type { KeyPositions } from '../../aof/log/command-keys.ts';
import { AofWriter } from '../../aof/writer/aof-writer.ts';
import { defaultRegistry } from '../../engine/commands/index.ts';
import { Dataset } from '../../engine/dataset.ts';
import { hashBytes } from '../../engine/key-hash.ts';
import type { Keyspace } from '../../engine/keyspace.ts';
import { Session } from '../../engine/session.ts';
import { RdbCodec } from '../../rdb/codec/codec.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { findTarget } from '../../servers/targets.ts';
import { Kind, objectKindMin, type Value } from '../../values/value.ts';

/** What a rewrite would leave of the commands. */
export interface RewriteEstimate {
  /** `exact`: every command was replayed; `sample`: those of one key in `sampledOf`. */
  readonly method: 'exact' | 'sample';
  readonly sampledOf: number;
  /** Bytes of the RESP part, and how many of them BGREWRITEAOF would write, as commands. */
  readonly bytes: number;
  readonly keptBytes: number;
  /** Between 0 and 1. */
  readonly droppedShare: number;
}

/** As in src/kernels/assembly/statistics.ts. */
const sampleSeed = 0x51ed270b;

/** A log up to so many bytes is replayed whole; of a larger one so many bytes at most, about. Both bound the memory and the time. */
const replayedWholeMax = 64 * 1024 * 1024;
const sampleBytesMax = 8 * 1024 * 1024;

/** Of a log of so many bytes one key in how many is replayed. */
function sampleOf(bytes: number): number {
  if (bytes <= replayedWholeMax) return 1;
  let sampledOf = 1;
  while (bytes / sampledOf > sampleBytesMax) sampledOf *= 2;
  return sampledOf;
}

/**
 * Replays the commands of a sample of the keys, chosen by their hash, and measures what a rewrite would write for them. A log
 * up to `replayedWholeMax` is replayed whole. What an RDB base holds is not part of it: its keys begin empty.
 */
export class RewriteSample {
  /** One key in so many is replayed, a power of two. */
  sampledOf: number;
  /** Bytes of the commands that were replayed. */
  private replayed = 0;
  /** Bytes of log up to which the sample is small enough. */
  private enough = 0;
  private readonly dataset = new Dataset(2 ** 31);
  private readonly session: Session;

  /** `bytes`: about how large the log is. */
  constructor(bytes: number) {
    this.sampledOf = sampleOf(bytes);
    this.session = new Session(this.dataset, defaultRegistry(), {
      now: 0,
      codec: new RdbCodec(),
      opaque: () => undefined,
      errorsMax: 0,
    });
  }

  /** A part begins: an open transaction is dropped, database 0 is selected. */
  beginPart(): void {
    this.session.endFile();
  }

  /** The log turns out to be `bytes` long or longer: the sample becomes smaller where that is too much. */
  grow(bytes: number): void {
    // What an open transaction holds back is still to run.
    if (bytes <= replayedWholeMax || bytes <= this.enough || this.session.inTransaction) return;
    const sampledOf = sampleOf(bytes);
    this.enough = sampledOf * sampleBytesMax;
    if (sampledOf <= this.sampledOf) return;
    this.replayed *= this.sampledOf / sampledOf;
    this.sampledOf = sampledOf;
    for (const database of this.dataset.occupied()) {
      const keys = this.dataset.database(database);
      const left: number[] = [];
      for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
        if (!this.isSampled(keys.keyBlock(entry), keys.keyStart(entry), keys.keyLength(entry))) left.push(entry);
      }
      for (const entry of left) keys.remove(entry);
    }
  }

  /** `keys`: where the command's keys are; one without any concerns all. `length`: its bytes. */
  command(frame: CommandView, keys: KeyPositions, length: number): void {
    if (keys.count > 0 && this.sampledOf > 1) {
      let wanted = false;
      for (let index = 0; index < keys.count && !wanted; index++) {
        const position = keys.positions[index];
        wanted = this.isSampled(frame.bytes, frame.starts[position], frame.lengths[position]);
      }
      if (!wanted) return;
    }
    this.replay(frame, keys.count > 0 ? length : 0);
  }

  /** Runs a command that is known to concern the sample; `length`: its bytes, 0 for one without keys. */
  replay(frame: CommandView, length: number): void {
    this.replayed += length;
    // The bytes will not be read again: what a value needs is copied.
    frame.source = -1;
    this.session.execute(frame);
  }

  private isSampled(bytes: Uint8Array, start: number, length: number): boolean {
    return (hashBytes(bytes, start, length, sampleSeed) & (this.sampledOf - 1)) === 0;
  }

  /** `bytes`: how large the RESP parts were, `keyed`: how much of it were commands with keys. */
  measure(bytes: number, keyed: number): RewriteEstimate {
    this.session.endFile();
    const { sampledOf } = this;
    // By bytes, not by keys: the sample may hold more or less than its share of the large ones.
    const scale = sampledOf === 1 ? 1 : keyed / Math.max(this.replayed, 1);
    const keptBytes = Math.min(Math.round(this.rewrittenBytes() * scale), bytes);
    const droppedShare = bytes === 0 ? 0 : (bytes - keptBytes) / bytes;
    return { method: sampledOf === 1 ? 'exact' : 'sample', sampledOf, bytes, keptBytes, droppedShare };
  }

  private rewrittenBytes(): number {
    const target = findTarget('redis-8.6');
    if (target === undefined) return 0;
    const rewriter = new AofWriter({ write() {} }, { target });
    for (const database of this.dataset.occupied()) {
      const keys = this.dataset.database(database);
      for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) this.rewriteKey(rewriter, keys, entry);
    }
    return rewriter.finish();
  }

  private rewriteKey(rewriter: AofWriter, keys: Keyspace, entry: number): void {
    const key = keys.keyBlock(entry);
    const from = keys.keyStart(entry);
    const to = from + keys.keyLength(entry);
    // Of a command with several keys, those that are not in the sample came along.
    if (!this.isSampled(key, from, to - from)) return;
    rewriter.writeKey(key, from, to, keys.expiry(entry), this.value(keys, entry));
  }

  private value(keys: Keyspace, entry: number): Value {
    const kind = keys.kind(entry);
    if (kind >= objectKindMin) return keys.object(entry);
    return kind === Kind.Integer ? keys.integer(entry) : this.session.stringBytes(keys, entry);
  }
}
