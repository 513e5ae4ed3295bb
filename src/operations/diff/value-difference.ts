import { escapeBinary, escapeBytes } from '../../io/text.ts';
import { ModuleValue } from '../../rdb/codec/module-value.ts';
import type { ArrayValue } from '../../values/array.ts';
import type { CronValue } from '../../values/cron.ts';
import type { GcraValue } from '../../values/gcra.ts';
import type { HashValue } from '../../values/hash.ts';
import type { ListValue } from '../../values/list.ts';
import type { PathHashValue } from '../../values/path-hash.ts';
import type { BitmapValue } from '../../values/roaring-bitmap.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import type { Stream } from '../../values/stream.ts';
import { Kind, type ObjectValue, type Value } from '../../values/value.ts';
import { quoted, shownBytes, type ValueDifference } from './result.ts';
import { streamStateDifference } from './stream-difference.ts';

export interface ValueDifferenceOptions {
  /** Whether the expiry of hash fields is compared to the millisecond. */
  readonly ttl: boolean;
  /** Whether what no digest covers is compared too. */
  readonly deep: boolean;
}

/** Bytes that are shown before a string's first different byte. */
const leadBytes = 8;

const shown = (text: string | undefined): string | undefined => (text === undefined ? undefined : quoted(text));

/** Where two values of one type first differ; undefined where they do not. */
export function valueDifference(a: Value, b: Value, options: ValueDifferenceOptions): ValueDifference | undefined {
  if (isPlain(a) || isPlain(b)) return stringDifference(bytesOf(a), bytesOf(b));
  if (a.kind !== b.kind) return { place: 'encoding', a: String(a.kind), b: String(b.kind) };
  return comparisons[a.kind]?.(a, b, options);
}

type Comparison = (a: ObjectValue, b: ObjectValue, options: ValueDifferenceOptions) => ValueDifference | undefined;

const comparisons: Readonly<Record<number, Comparison>> = {
  [Kind.List]: (a, b) => listDifference(a as ListValue, b as ListValue),
  [Kind.Set]: (a, b, options) => setDifference(a as SetValue, b as SetValue, options),
  [Kind.SortedSet]: (a, b) => scoreDifference(a as SortedSetValue, b as SortedSetValue),
  [Kind.Hash]: (a, b, options) => hashDifference(a as HashValue, b as HashValue, options),
  [Kind.Stream]: (a, b, options) => streamDifference(a as Stream, b as Stream, options),
  [Kind.Array]: (a, b) => arrayDifference(a as ArrayValue, b as ArrayValue),
  [Kind.Module]: moduleDifference,
  [Kind.PathHash]: (a, b, options) => pathHashDifference(a as PathHashValue, b as PathHashValue, options),
  [Kind.Bitmap]: (a, b) => bitmapDifference(a as BitmapValue, b as BitmapValue),
  [Kind.Cron]: (a, b) => jobDifference(a as CronValue, b as CronValue),
  [Kind.Gcra]: (a, b) => arrivalDifference(a as GcraValue, b as GcraValue),
};

const isPlain = (value: Value): value is Buffer | number => typeof value === 'number' || Buffer.isBuffer(value);

function bytesOf(value: Value): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'number' ? String(value) : '', 'latin1');
}

function stringDifference(a: Buffer, b: Buffer): ValueDifference | undefined {
  if (a.equals(b)) return undefined;
  const shorter = Math.min(a.length, b.length);
  let first = 0;
  while (first < shorter && a[first] === b[first]) first++;
  return { place: `byte ${first}`, a: excerpt(a, first), b: excerpt(b, first) };
}

/** The bytes around `position`. */
function excerpt(bytes: Buffer, position: number): string {
  const from = position <= leadBytes ? 0 : position - leadBytes;
  const to = Math.min(bytes.length, from + shownBytes);
  const text = `"${escapeBytes(bytes, from, to)}"`;
  const isWhole = from === 0 && to === bytes.length;
  return isWhole ? text : `${from > 0 ? '…' : ''}${text}${to < bytes.length ? '…' : ''} (${bytes.length} bytes)`;
}

function listDifference(a: ListValue, b: ListValue): ValueDifference | undefined {
  const count = Math.max(a.count, b.count);
  for (let index = 0; index < count; index++) {
    const one = index < a.count ? a.at(index) : undefined;
    const other = index < b.count ? b.at(index) : undefined;
    if (one === other) continue;
    return { place: `element ${index}`, a: shown(one), b: shown(other) };
  }
  return undefined;
}

function setDifference(a: SetValue, b: SetValue, { ttl }: ValueDifferenceOptions): ValueDifference | undefined {
  for (const member of a.values()) {
    if (!b.has(member)) return only('a', 'member', member);
    const expiry = expiryDifference(a.expiry(member), b.expiry(member), ttl);
    if (expiry !== undefined) return { place: `expiry of member ${quoted(member)}`, ...expiry };
  }
  for (const member of b.values()) if (!a.has(member)) return only('b', 'member', member);
  return undefined;
}

const only = (side: 'a' | 'b', what: string, text: string): ValueDifference => ({
  place: `${what} ${quoted(text)}`,
  a: side === 'a' ? 'there' : undefined,
  b: side === 'b' ? 'there' : undefined,
});

function scoreDifference(a: SortedSetValue, b: SortedSetValue): ValueDifference | undefined {
  for (const [member, score] of a.ordered()) {
    const other = b.score(member);
    // 0 and -0 are one score to a server, and its digest tells them apart where it keeps the sign.
    if (other === undefined || !Object.is(score, other)) {
      return {
        place: `score of ${quoted(member)}`,
        a: scoreText(score),
        b: other === undefined ? other : scoreText(other),
      };
    }
  }
  for (const [member, score] of b.ordered()) {
    if (a.score(member) === undefined)
      return { place: `score of ${quoted(member)}`, a: undefined, b: scoreText(score) };
  }
  return undefined;
}

const scoreText = (score: number): string => (Object.is(score, -0) ? '-0' : String(score));

function hashDifference(a: HashValue, b: HashValue, { ttl }: ValueDifferenceOptions): ValueDifference | undefined {
  for (const [field, value] of a.entries()) {
    const other = b.get(field);
    const place = `field ${quoted(field)}`;
    if (other !== value) return { place, a: quoted(value), b: shown(other) };
    const expiry = expiryDifference(a.expiry(field), b.expiry(field), ttl);
    if (expiry !== undefined) return { place: `expiry of ${place}`, ...expiry };
  }
  for (const [field, value] of b.entries()) {
    if (!a.has(field)) return { place: `field ${quoted(field)}`, a: undefined, b: quoted(value) };
  }
  return undefined;
}

function expiryDifference(a: number, b: number, ttl: boolean): Omit<ValueDifference, 'place'> | undefined {
  const differs = ttl ? !Object.is(a, b) : Number.isNaN(a) !== Number.isNaN(b);
  return differs ? { a: momentText(a), b: momentText(b) } : undefined;
}

function pathHashDifference(
  a: PathHashValue,
  b: PathHashValue,
  options: ValueDifferenceOptions,
): ValueDifference | undefined {
  for (const [path, fields] of a.ordered()) {
    const others = b.get(path);
    if (others === undefined) return only('a', 'path', path);
    const found = hashDifference(fields, others, options);
    if (found !== undefined) return { ...found, place: `${found.place} at path ${quoted(path)}` };
  }
  for (const [path] of b.ordered()) if (a.get(path) === undefined) return only('b', 'path', path);
  return undefined;
}

function bitmapDifference(a: BitmapValue, b: BitmapValue): ValueDifference | undefined {
  const others = b.runs();
  for (const [start, end] of a.runs()) {
    const next = others.next();
    if (next.done === true) return { place: 'bits', a: `${start} to ${end} set`, b: undefined };
    const [from, to] = next.value;
    if (from !== start || to !== end) {
      return { place: 'bits', a: `${start} to ${end} set`, b: `${from} to ${to} set` };
    }
  }
  const next = others.next();
  if (next.done !== true) return { place: 'bits', a: undefined, b: `${next.value[0]} to ${next.value[1]} set` };
  if (a.byteLength === b.byteLength) return undefined;
  return { place: 'length in bytes', a: String(a.byteLength), b: String(b.byteLength) };
}

/** A moment, milliseconds since 1970, for people; undefined for never. */
export function momentText(at: number): string | undefined {
  if (Number.isNaN(at)) return undefined;
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

function streamDifference(a: Stream, b: Stream, { deep }: ValueDifferenceOptions): ValueDifference | undefined {
  const others = b.entries();
  for (const entry of a.entries()) {
    const next = others.next();
    const [one, two] = [entryText(entry), next.done ? undefined : entryText(next.value)];
    if (one.id !== two?.id || one.text !== two.text) {
      const first = two === undefined ? one.id : `${one.id}${one.id === two.id ? '' : ` or ${two.id}`}`;
      return { place: `entry ${first}`, a: entryLine(one), b: two && entryLine(two) };
    }
  }
  const next = others.next();
  if (!next.done) {
    const extra = entryText(next.value);
    return { place: `entry ${extra.id}`, a: undefined, b: entryLine(extra) };
  }
  return deep ? streamStateDifference(a, b) : undefined;
}

type Entry = { readonly id: string; readonly text: string };

function entryText(entry: { readonly ms: unknown; readonly seq: unknown; fields(): Iterable<string> }): Entry {
  return {
    id: `${entry.ms}-${entry.seq}`,
    text: [...entry.fields()].map((text) => `"${escapeBinary(text, 1 << 20)}"`).join(' '),
  };
}

const entryLine = ({ id, text }: Entry): string => `${id} ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;

function arrayDifference(a: ArrayValue, b: ArrayValue): ValueDifference | undefined {
  for (const [index, text] of a.entries()) {
    const other = b.get(index);
    if (other === text) continue;
    return { place: `index ${index}`, a: quoted(text), b: shown(other) };
  }
  for (const [index, text] of b.entries()) {
    if (a.get(index) === undefined) return { place: `index ${index}`, a: undefined, b: quoted(text) };
  }
  if (a.insertIndex === b.insertIndex) return undefined;
  return { place: 'insert index', a: a.insertIndex?.toString(), b: b.insertIndex?.toString() };
}

function jobDifference(a: CronValue, b: CronValue): ValueDifference | undefined {
  const [left, right] = [JSON.stringify(a.job), JSON.stringify(b.job)];
  return left === right ? undefined : { place: 'scheduled job', a: left, b: right };
}

function arrivalDifference(a: GcraValue, b: GcraValue): ValueDifference | undefined {
  if (a.arrival === b.arrival) return undefined;
  return { place: 'arrival time', a: String(a.arrival), b: String(b.arrival) };
}

function moduleDifference(a: ObjectValue, b: ObjectValue): ValueDifference | undefined {
  if (!(a instanceof ModuleValue) || !(b instanceof ModuleValue)) return undefined;
  if (a.typeName !== b.typeName) return { place: 'module', a: a.typeName, b: b.typeName };
  const found = stringDifference(a.raw, b.raw);
  return found && { ...found, place: `serialized ${found.place}` };
}
