import type { U64 } from '../encodings/u64.ts';
import { ModuleValue } from '../rdb/codec/module-value.ts';
import type { ArrayValue } from '../values/array.ts';
import type { CronValue } from '../values/cron.ts';
import type { GcraValue } from '../values/gcra.ts';
import type { HashValue } from '../values/hash.ts';
import type { ListValue } from '../values/list.ts';
import type { PathHashValue } from '../values/path-hash.ts';
import type { BitmapValue } from '../values/roaring-bitmap.ts';
import type { SetValue } from '../values/set.ts';
import type { SortedSetValue } from '../values/sorted-set.ts';
import type { Stream } from '../values/stream.ts';
import type { StreamId } from '../values/stream-id.ts';
import type { Group } from '../values/stream-pending.ts';
import { Kind, type Value } from '../values/value.ts';
import { VectorSet } from '../values/vector-set.ts';

/**
 * A decoded value. `T` is what a text of the value, any bytes, is given as. Moments are milliseconds since 1970; numbers that may pass
 * 2^53 are bigint there.
 */
export type KeyValue<T = Buffer> =
  | { readonly type: 'string'; readonly value: T }
  | { readonly type: 'list'; readonly elements: readonly T[] }
  | { readonly type: 'set'; readonly members: readonly Member<T>[] }
  | { readonly type: 'zset'; readonly members: readonly ScoredMember<T>[] }
  | { readonly type: 'hash'; readonly fields: readonly Field<T>[] }
  | StreamContent<T>
  | { readonly type: 'array'; readonly length: U64; readonly elements: readonly { index: U64; value: T }[] }
  | { readonly type: 'pathhash'; readonly paths: readonly { path: T; fields: readonly Field<T>[] }[] }
  | { readonly type: 'bitmap'; readonly length: U64; readonly runs: readonly (readonly [from: U64, end: U64])[] }
  | { readonly type: 'gcra'; readonly arrival: bigint }
  | { readonly type: 'cron'; readonly job: CronContent<T> }
  | VectorSetValue<T>
  | { readonly type: 'module'; readonly module: string; readonly data: Buffer };

export interface Member<T> {
  readonly member: T;
  readonly expiry?: number;
}

export interface ScoredMember<T> extends Member<T> {
  readonly score: number;
}

export interface Field<T> {
  readonly field: T;
  readonly value: T;
  readonly expiry?: number;
}

export interface CronContent<T> {
  readonly script: T;
  readonly start: number;
  readonly interval: number;
  readonly keys: readonly T[];
  readonly args: readonly T[];
}

/** Elements of a vector set. What the vectors are is known only where they were given, by VADD in a log. */
export interface VectorSetValue<T> {
  readonly type: 'vectorset';
  readonly dimension: number;
  readonly quantization: string;
  readonly elements: readonly { element: T; attributes?: T; vector?: readonly number[]; stored?: Buffer }[];
}

/** A stream, with ids as `ms-seq`. The fields of an entry are a field and its value in turns, as XRANGE gives them. */
export interface StreamContent<T> {
  readonly type: 'stream';
  readonly entries: readonly { readonly id: string; readonly fields: readonly T[] }[];
  readonly lastId: string;
  readonly maxDeletedId: string;
  readonly entriesAdded: U64;
  readonly groups: readonly StreamGroup<T>[];
  /** Producers whose messages are remembered (8.6). */
  readonly idempotency?: {
    readonly duration: number;
    readonly maxEntries: number;
    readonly messages: readonly { producer: T; message: T; id: string }[];
  };
}

export interface StreamGroup<T> {
  readonly name: T;
  readonly lastId: string;
  /** Undefined where the server does not know it. */
  readonly entriesRead?: U64;
  readonly consumers: readonly { name: T; seenTime: number; activeTime?: number }[];
  readonly pending: readonly { id: string; consumer?: T; deliveryTime: number; deliveryCount: U64 }[];
}

/** The value of the engine as plain data; `text` makes a text of a binary string. */
export function keyValueOf<T>(value: Value, text: (binary: string) => T): KeyValue<T> {
  if (typeof value === 'number') return { type: 'string', value: text(String(value)) };
  if (value instanceof Uint8Array) return { type: 'string', value: text((value as Buffer).latin1Slice()) };
  switch (value.kind) {
    case Kind.List:
      return { type: 'list', elements: Array.from((value as ListValue).values(), text) };
    case Kind.Set:
      return { type: 'set', members: membersOf(value as SetValue, text) };
    case Kind.SortedSet:
      return { type: 'zset', members: scoredOf(value as SortedSetValue, text) };
    case Kind.Hash:
      return { type: 'hash', fields: fieldsOf(value as HashValue, text) };
    case Kind.Stream:
      return streamOf(value as Stream, text);
    case Kind.Array: {
      const array = value as ArrayValue;
      const elements = Array.from(array.entries(), ([index, element]) => ({ index, value: text(element) }));
      return { type: 'array', length: array.length, elements };
    }
    case Kind.PathHash: {
      const paths = Array.from((value as PathHashValue).ordered(), ([path, fields]) => ({
        path: text(path),
        fields: fieldsOf(fields, text),
      }));
      return { type: 'pathhash', paths };
    }
    case Kind.Bitmap: {
      const bitmap = value as BitmapValue;
      return { type: 'bitmap', length: bitmap.byteLength, runs: [...bitmap.runs()] };
    }
    case Kind.Gcra:
      return { type: 'gcra', arrival: (value as GcraValue).arrival };
    case Kind.Cron: {
      const { script, start, interval, keys, args } = (value as CronValue).job;
      const job = { script: text(script), start, interval, keys: keys.map(text), args: args.map(text) };
      return { type: 'cron', job };
    }
    default:
      return moduleOf(value as ModuleValue | VectorSet, text);
  }
}

const expiryOf = (at: number): { expiry?: number } => (Number.isNaN(at) ? {} : { expiry: at });

function membersOf<T>(set: SetValue, text: (binary: string) => T): Member<T>[] {
  if (!set.hasExpiries) return Array.from(set.values(), (member) => ({ member: text(member) }));
  return Array.from(set.values(), (member) => ({ member: text(member), ...expiryOf(set.expiry(member)) }));
}

function scoredOf<T>(set: SortedSetValue, text: (binary: string) => T): ScoredMember<T>[] {
  return Array.from(set.ordered(), ([member, score]) => ({
    member: text(member),
    score,
    ...expiryOf(set.expiry(member)),
  }));
}

function fieldsOf<T>(hash: HashValue, text: (binary: string) => T): Field<T>[] {
  const expires = hash.hasExpiries;
  return Array.from(hash.entries(), ([field, value]) => ({
    field: text(field),
    value: text(value),
    ...(expires && expiryOf(hash.expiry(field))),
  }));
}

const idText = ({ ms, seq }: StreamId): string => `${ms}-${seq}`;

function streamOf<T>(stream: Stream, text: (binary: string) => T): StreamContent<T> {
  const entries: { id: string; fields: T[] }[] = [];
  for (const entry of stream.entries()) entries.push({ id: idText(entry), fields: entry.fields().map(text) });
  const { idempotency } = stream;
  return {
    type: 'stream',
    entries,
    lastId: idText(stream.lastId),
    maxDeletedId: idText(stream.maxDeletedId),
    entriesAdded: stream.entriesAdded,
    groups: Array.from(stream.groups?.values() ?? [], (group) => groupOf(group, text)),
    ...(idempotency && {
      idempotency: {
        duration: idempotency.duration,
        maxEntries: idempotency.maxEntries,
        messages: Array.from(idempotency.live(0), ([producer, message, id]) => ({
          producer: text(producer),
          message: text(message),
          id: idText(id),
        })),
      },
    }),
  };
}

function groupOf<T>(group: Group, text: (binary: string) => T): StreamGroup<T> {
  return {
    name: text(group.name),
    lastId: idText(group.lastId),
    ...(group.entriesRead !== -1 && { entriesRead: group.entriesRead }),
    consumers: Array.from(group.consumers.values(), ({ name, seenTime, activeTime }) => ({
      name: text(name),
      seenTime,
      ...(activeTime >= 0 && { activeTime }),
    })),
    pending: Array.from(group.pending, ({ ms, seq, consumer, deliveryTime, deliveryCount }) => ({
      id: `${ms}-${seq}`,
      ...(consumer && { consumer: text(consumer.name) }),
      deliveryTime,
      deliveryCount,
    })),
  };
}

function moduleOf<T>(value: ModuleValue | VectorSet, text: (binary: string) => T): KeyValue<T> {
  if (value instanceof ModuleValue && value.typeName !== 'vectorset')
    return { type: 'module', module: value.typeName, data: value.raw };
  const set = value instanceof VectorSet ? value : value.vectorSet();
  const elements = Array.from(set.elements, ([name, { vector, attribute }]) => ({
    element: text(name),
    ...(attribute !== undefined && { attributes: text(attribute) }),
    ...(vector instanceof Float32Array ? { vector: [...vector] } : { stored: vector }),
  }));
  return { type: 'vectorset', dimension: set.dimension, quantization: set.quantization, elements };
}
