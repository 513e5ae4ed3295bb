/**
 * SORT … STORE: the order of a list, set or sorted set, put into a list. Without STORE it only reads.
 *
 * Numeric order compares doubles and then, where they are equal, the elements' bytes. ALPHA compares bytes (a server uses
 * its locale only for a reply). DESC turns the whole comparison around.
 */

import { parseLooseDouble } from '../../encodings/loose-double.ts';
import { parseDoubleText } from '../../encodings/number-text.ts';
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { HashValue } from '../../values/hash.ts';
import { ListValue } from '../../values/list.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import { Kind, type ObjectValue, objectKindMin } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Family, Handler } from './family.ts';
import { presentMembers } from './set-expiry.ts';

interface Request {
  descending: boolean;
  alpha: boolean;
  offset: number;
  /** Negative: all. */
  limit: number;
  /** Pattern of BY. */
  by: string | undefined;
  /** True where BY names no key (it has no `*`): the order stays as it is. */
  unsorted: boolean;
  /** Patterns of GET. */
  readonly get: string[];
  /** Argument of STORE's key, 0 without. */
  store: number;
}

function readRequest(frame: CommandView): Request | string {
  const request: Request = {
    descending: false,
    alpha: false,
    offset: 0,
    limit: -1,
    by: undefined,
    unsorted: false,
    get: [],
    store: 0,
  };
  for (let index = 2; index < frame.argc; index++) {
    const left = frame.argc - index - 1;
    if (isWord(frame, index, 'ASC')) request.descending = false;
    else if (isWord(frame, index, 'DESC')) request.descending = true;
    else if (isWord(frame, index, 'ALPHA')) request.alpha = true;
    else if (isWord(frame, index, 'LIMIT') && left >= 2) {
      request.offset = integerArgument(frame, ++index);
      request.limit = integerArgument(frame, ++index);
      if (Number.isNaN(request.offset) || Number.isNaN(request.limit)) return replies.notInteger;
    } else if (isWord(frame, index, 'STORE') && left >= 1) request.store = ++index;
    else if (isWord(frame, index, 'BY') && left >= 1) {
      request.by = frame.text(++index);
      // Only the last BY counts, but once one of them said so the order stays.
      if (!request.by.includes('*')) request.unsorted = true;
    } else if (isWord(frame, index, 'GET') && left >= 1) request.get.push(frame.text(++index));
    else return replies.syntaxError;
  }
  return request;
}

/** One element, and what it is compared by: a number, a text, or nothing where BY found no key. */
interface Item {
  readonly element: string;
  score: number;
  text: string | undefined;
}

const sort: Handler = (session, frame) => {
  const request = readRequest(frame);
  if (typeof request === 'string') return request;
  const source = sourceAt(session, frame);
  if (typeof source === 'string') return source;
  // A set has no order to keep; for a result that is stored a server makes one, so that replicas agree.
  if (request.unsorted && source?.kind === Kind.Set && request.store !== 0) {
    request.unsorted = false;
    request.alpha = true;
    request.by = undefined;
  }
  const items = itemsOf(source, request.unsorted && request.descending);
  if (!request.unsorted) {
    const error = weigh(session, items, request);
    if (error !== undefined) return error;
    items.sort(comparison(request));
  }
  if (request.store === 0) return undefined;
  session.replace(frame, request.store, resultOf(session, limited(items, request), request.get));
  return undefined;
};

function sourceAt(session: Session, frame: CommandView): ObjectValue | undefined | string {
  const entry = session.find(frame, 1);
  if (entry < 0) return undefined;
  const kind = session.kind(entry);
  const sortable = kind === Kind.List || kind === Kind.Set || kind === Kind.SortedSet;
  if (!sortable) return replies.wrongType;
  const value = session.keys.object(entry);
  return kind === Kind.Set ? presentMembers(session, value as SetValue) : value;
}

/** The elements in their own order; `backwards` turns that of a list or a sorted set around. */
function itemsOf(source: ObjectValue | undefined, backwards: boolean): Item[] {
  if (source === undefined) return [];
  if (source.kind === Kind.Set) return Array.from((source as SetValue).values(), itemOf);
  if (source.kind === Kind.List) {
    const items = Array.from((source as ListValue).values(), itemOf);
    return backwards ? items.reverse() : items;
  }
  // A server turns a sorted set into a skiplist to sort it, and leaves it one.
  (source as SortedSetValue).compact = false;
  const items = Array.from((source as SortedSetValue).ordered(), ([member]) => itemOf(member));
  return backwards ? items.reverse() : items;
}

function itemOf(element: string): Item {
  return { element, score: 0, text: undefined };
}

/** Finds what each element is compared by. A missing key counts as 0, or by ALPHA as less than any text. */
function weigh(session: Session, items: Item[], { by, alpha }: Request): string | undefined {
  for (const item of items) {
    const text = by === undefined ? item.element : lookUp(session, by, item.element);
    if (alpha) item.text = text;
    else if (text !== undefined) {
      item.score = scoreOf(session, text);
      if (Number.isNaN(item.score)) return "ERR One or more scores can't be converted into double";
    }
  }
  return undefined;
}

/** Too large or too small is an error, but not in Redis 8; no text at all is 0, but not in Valkey 9. */
function scoreOf(session: Session, text: string): number {
  const { fork, flavor, strictFloats } = session.rules;
  const value = parseLooseDouble(text, strictFloats);
  if (flavor === 'redis-8' || Number.isNaN(value)) return value;
  if (text === '' || text.startsWith('\0')) return strictFloats && fork === 'valkey' ? Number.NaN : 0;
  const unusual = !Number.isFinite(value) || value === 0;
  return unusual && Number.isNaN(parseDoubleText(text.trimStart())) && /[1-9]/.test(text) ? Number.NaN : value;
}

function comparison({ alpha, descending }: Request): (a: Item, b: Item) => number {
  const ascending = alpha ? compareTexts : compareScores;
  return descending ? (a, b) => -ascending(a, b) : ascending;
}

function compareScores(a: Item, b: Item): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return a.element < b.element ? -1 : a.element > b.element ? 1 : 0;
}

function compareTexts(a: Item, b: Item): number {
  if (a.text === undefined || b.text === undefined) return Number(a.text !== undefined) - Number(b.text !== undefined);
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

function limited(items: Item[], { offset, limit }: Request): Item[] {
  const start = Math.max(0, offset);
  return limit < 0 ? items.slice(start) : items.slice(start, start + limit);
}

function resultOf(session: Session, items: Item[], get: string[]): ListValue {
  const result = new ListValue(items.length * Math.max(1, get.length));
  for (const { element } of items) {
    if (get.length === 0) result.pushTail(element);
    for (const pattern of get) result.pushTail(lookUp(session, pattern, element) ?? '');
  }
  return result;
}

/**
 * What a BY or GET pattern finds for an element: `#` is the element itself, `*` stands for it in a key's name, and
 * `key->field` names a field of a hash. Undefined where there is no such key, field or plain string.
 */
function lookUp(session: Session, pattern: string, element: string): string | undefined {
  if (pattern === '#') return element;
  const star = pattern.indexOf('*');
  if (star < 0) return undefined;
  const arrow = pattern.indexOf('->', star + 1);
  const hasField = arrow >= 0 && arrow + 2 < pattern.length;
  const name = pattern.slice(0, star) + element + pattern.slice(star + 1, hasField ? arrow : undefined);
  const bytes = Buffer.from(name, 'latin1');
  const entry = session.keys.find(bytes, 0, bytes.length);
  if (entry < 0) return undefined;
  const kind = session.kind(entry);
  if (!hasField) return kind < objectKindMin ? session.stringBytes(session.keys, entry).latin1Slice() : undefined;
  return kind === Kind.Hash ? (session.keys.object(entry) as HashValue).get(pattern.slice(arrow + 2)) : undefined;
}

const commands: Record<string, CommandSpec> = {
  SORT: { arity: -2, keys: [1, 1, 1], handler: sort },
};

export const sortFamily: Family = { name: 'sort', commands };
