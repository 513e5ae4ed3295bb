/**
 * A key as the commands that build it, in the shape of BGREWRITEAOF with `aof-use-rdb-preamble no` for a target.
 */

import { ModuleValue } from '../../rdb/codec/module-value.ts';
import { encodePayload } from '../../rdb/codec/payload.ts';
import { bitmapString, noScheduledJobs } from '../../rdb/writer/value-encoder.ts';
import type { RespWriter } from '../../resp/writer.ts';
import type { LossKind, LossSink } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import type { ArrayValue } from '../../values/array.ts';
import type { GcraValue } from '../../values/gcra.ts';
import type { HashValue } from '../../values/hash.ts';
import type { ListValue } from '../../values/list.ts';
import type { PathHashValue } from '../../values/path-hash.ts';
import type { BitmapValue } from '../../values/roaring-bitmap.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import type { Stream } from '../../values/stream.ts';
import { Kind, type Value } from '../../values/value.ts';
import { VectorSet } from '../../values/vector-set.ts';
import {
  rewriteArray,
  rewriteHash,
  rewriteList,
  rewritePathHash,
  rewriteSet,
  rewriteSortedSet,
} from './collection-commands.ts';
import { KeyCommands } from './key-commands.ts';
import { RawRewriter } from './raw-commands.ts';
import { rewriteStream } from './stream-commands.ts';

export interface RewriterOptions {
  /** The moment of writing, milliseconds since 1970: producers' messages that are too old are left out. Default 0: none are. */
  readonly now?: number;
  readonly lose?: LossSink;
}

export class ValueRewriter {
  private readonly commands: KeyCommands;
  private readonly out: RespWriter;
  private readonly target: Target;
  private readonly raw: RawRewriter;

  constructor(out: RespWriter, target: Target, options: RewriterOptions = {}) {
    this.out = out;
    this.target = target;
    this.commands = new KeyCommands(out, target, options.now ?? 0, options.lose ?? (() => {}));
    this.raw = new RawRewriter(this.commands);
  }

  /** The same for a serialized value of a canonical type; false, with nothing written, where it must be decoded. */
  rewriteRaw(
    key: Uint8Array,
    from: number,
    to: number,
    type: number,
    raw: Buffer,
    rawFrom: number,
    rawTo: number,
    expire: number,
  ): boolean {
    this.commands.setKey(key, from, to);
    if (!this.raw.rewrite(type, raw, rawFrom, rawTo)) return false;
    if (!Number.isNaN(expire)) this.commands.begin(3, 'PEXPIREAT').bulkInteger(expire);
    this.out.settle();
    return true;
  }

  /**
   * Writes the commands for the key `key[from, to)`; `expire` in ms since 1970, NaN for never. False, with nothing written,
   * where the target has no such type.
   */
  rewrite(key: Uint8Array, from: number, to: number, value: Value, expire: number): boolean {
    const { commands, out } = this;
    commands.setKey(key, from, to);
    if (typeof value === 'number') commands.begin(3, 'SET').bulkInteger(value);
    else if (value instanceof Uint8Array) commands.begin(3, 'SET').bulk(value);
    else if (value.kind === Kind.Bitmap) {
      const bytes = bitmapString(value as BitmapValue, commands.lose);
      if (bytes === undefined) return false;
      commands.begin(3, 'SET').bulk(bytes);
    } else if (value.kind === Kind.PathHash && value.count === 0) {
      // No command leaves one: PHDEL removes the key with its last path.
      commands.lose('path-hash', 'key-dropped', 'commands cannot build a path hash without paths');
      return false;
    } else {
      const lack = this.lack(value.kind, value);
      if (lack !== undefined) {
        const reason = lack === 'cron' ? noScheduledJobs : `${this.target.name} has no such type`;
        commands.lose(lack, 'key-dropped', reason);
        return false;
      }
      rewriters[value.kind](commands, value as never);
    }
    if (!Number.isNaN(expire)) commands.begin(3, 'PEXPIREAT').bulkInteger(expire);
    out.settle();
    return true;
  }

  /** What keeps the target from holding the value. */
  private lack(kind: Kind, value: object): LossKind | undefined {
    const { target } = this;
    if (kind === Kind.Stream) return target.streamVersion === 0 ? 'stream' : undefined;
    if (kind === Kind.Array) return target.hasArrays ? undefined : 'array';
    if (kind === Kind.Cron) return 'cron';
    if (kind === Kind.Gcra) return target.hasGcra ? undefined : 'gcra';
    if (kind === Kind.PathHash) return target.hasPathHashes ? undefined : 'path-hash';
    if (kind !== Kind.Module) return undefined;
    const isVectorSet = value instanceof VectorSet || (value as ModuleValue).typeName === 'vectorset';
    if (isVectorSet) return target.hasVectorSets ? undefined : 'vector-set';
    return target.hasModules ? undefined : 'module';
  }
}

const rewriters: Readonly<Record<number, (commands: KeyCommands, value: never) => void>> = {
  [Kind.List]: (commands, list: ListValue) => rewriteList(commands, list),
  [Kind.Set]: (commands, set: SetValue) => rewriteSet(commands, set),
  [Kind.SortedSet]: (commands, set: SortedSetValue) => rewriteSortedSet(commands, set),
  [Kind.Hash]: (commands, hash: HashValue) => rewriteHash(commands, hash),
  [Kind.Stream]: (commands, stream: Stream) => rewriteStream(commands, stream),
  [Kind.Array]: (commands, array: ArrayValue) => rewriteArray(commands, array),
  [Kind.PathHash]: (commands, value: PathHashValue) => rewritePathHash(commands, value),
  [Kind.Gcra]: (commands, gcra: GcraValue) => commands.command('GCRASETVALUE', String(gcra.arrival)),
  [Kind.Module]: (commands, value: ModuleValue | VectorSet) => rewriteModule(commands, value),
};

/**
 * A module's value has no commands that are known here: RESTORE takes it as it is, as the modules that have no commands of
 * their own do themselves. A vector set is built by VADD, or restored and then changed.
 */
function rewriteModule(commands: KeyCommands, value: ModuleValue | VectorSet): void {
  const base = value instanceof VectorSet ? value.base : value;
  if (base instanceof ModuleValue) {
    const out = commands.begin(4, 'RESTORE');
    out.bulkText('0');
    out.bulk(encodePayload(TypeId.module, base.rawFor(commands.target), commands.target));
  }
  if (!(value instanceof VectorSet)) return;
  const { out } = commands;
  for (const command of value.rewrite(commands.keyText())) {
    out.settle();
    out.commandOf(command);
  }
}
