import { Dataset } from '../../engine/dataset.ts';
import { defaultRegistry } from '../../engine/families/index.ts';
import type { Frame } from '../../engine/frame.ts';
import { hashBytes } from '../../engine/key-hash.ts';
import type { Keyspace } from '../../engine/keyspace.ts';
import { Session } from '../../engine/session.ts';
import { Kind, objectKindMin, type Value } from '../../engine/value.ts';
import { RdbCodec } from '../../rdb/codec/codec.ts';
import { findTarget } from '../../rdb/targets.ts';
import { RespRewriter } from '../../resp/rewrite/resp-rewriter.ts';
import type { KeyPositions } from './command-keys.ts';

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

const sampleSeed = 0x51ed270b;

/** Bytes of log whose commands are replayed at most, about: it bounds the memory. */
export const replayedBytesMax = 64 * 1024 * 1024;

/**
 * Replays the commands of a sample of the keys, chosen by their hash, and measures what a rewrite would write for them. A log
 * below `replayedBytesMax` is replayed whole. What an RDB base holds is not part of it: its keys begin empty.
 */
export class RewriteSample {
  /** One key in so many is replayed, a power of two. */
  readonly sampledOf: number;
  private readonly dataset = new Dataset(2 ** 31);
  private readonly session: Session;

  /** `bytes`: about how large the log is. */
  constructor(bytes: number) {
    let sampledOf = 1;
    while (bytes / sampledOf > replayedBytesMax) sampledOf *= 2;
    this.sampledOf = sampledOf;
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

  /** `keys`: where the command's keys are; one without any concerns all. */
  command(frame: Frame, keys: KeyPositions): void {
    if (keys.count > 0 && this.sampledOf > 1) {
      let wanted = false;
      for (let index = 0; index < keys.count && !wanted; index++) {
        const position = keys.positions[index];
        wanted = this.isSampled(frame.bytes, frame.starts[position], frame.lengths[position]);
      }
      if (!wanted) return;
    }
    // The bytes will not be read again: what a value needs is copied.
    frame.source = -1;
    this.session.execute(frame);
  }

  private isSampled(bytes: Uint8Array, start: number, length: number): boolean {
    return (hashBytes(bytes, start, length, sampleSeed) & (this.sampledOf - 1)) === 0;
  }

  /** `bytes`: how large its RESP parts were. */
  measure(bytes: number): RewriteEstimate {
    this.session.endFile();
    const { sampledOf } = this;
    const keptBytes = Math.min(this.rewrittenBytes() * sampledOf, bytes);
    const droppedShare = bytes === 0 ? 0 : (bytes - keptBytes) / bytes;
    return { method: sampledOf === 1 ? 'exact' : 'sample', sampledOf, bytes, keptBytes, droppedShare };
  }

  private rewrittenBytes(): number {
    const target = findTarget('redis-8.6');
    if (target === undefined) return 0;
    const rewriter = new RespRewriter({ write() {} }, { target });
    for (const database of this.dataset.occupied()) {
      const keys = this.dataset.database(database);
      for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) this.rewriteKey(rewriter, keys, entry);
    }
    return rewriter.finish();
  }

  private rewriteKey(rewriter: RespRewriter, keys: Keyspace, entry: number): void {
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
