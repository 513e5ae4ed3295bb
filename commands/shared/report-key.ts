import type { Key, KeyValue } from '../../src/index.ts';
import { escapeBytes, printable } from '../../src/io/text.ts';
import type { KeyChange } from '../../src/operations/get/history.ts';
import { plural } from './numbers.ts';
import type { Palette } from './palette.ts';

/*
 * A value as redis-cli shows what LRANGE, SMEMBERS, ZRANGE WITHSCORES, HGETALL and XRANGE answer:
 *
 *     1) "element"          1# "field" => "value"          1) 1) "1700000000000-0"
 *                                                             2) 1) "field"
 *                                                                2) "value"
 */

const quoted = (bytes: Buffer): string => `"${escapeBytes(bytes, 0, bytes.length, Number.POSITIVE_INFINITY)}"`;

/** A part of a value: a line, or a list of parts. */
type Node = string | readonly Node[];

/** The facts of a key in one line, then its value. `at`: the moment from which times are counted, milliseconds since 1970. */
export function formatKey(key: Key, colour: Palette, at: number): string {
  const { database, type, encoding, elements = 0, expiry, idle, frequency } = key;
  const facts = [`db ${database}`, `${type} (${encoding})`, plural(elements, type === 'string' ? 'byte' : 'element')];
  if (expiry !== undefined) facts.push(expiryText(expiry, at));
  if (idle !== undefined) facts.push(`idle ${idle} s`);
  if (frequency !== undefined) facts.push(`frequency ${frequency}`);
  return `${colour.dim(`# ${facts.join(', ')}`)}\n${formatValue(key.value, at)}`;
}

const expiryText = (expiry: number, at: number): string => {
  const moment = Math.abs(expiry) <= 8.64e15 ? new Date(expiry).toISOString() : String(expiry);
  const seconds = (expiry - at) / 1000;
  return seconds >= 0 ? `expires at ${moment} (in ${Math.round(seconds)} s)` : `expired at ${moment}`;
};

export function formatValue(value: KeyValue | undefined, at: number): string {
  if (value === undefined) return '(nil)\n';
  if (value.type === 'string') return `${quoted(value.value)}\n`;
  return `${lines(nodesOf(value, at)).join('\n')}\n`;
}

const ofExpiry = (expiry: number | undefined, at: number): string =>
  expiry === undefined ? '' : `  (${expiryText(expiry, at)})`;

/** What is shown of a value, each in a numbered line. */
function nodesOf(value: Exclude<KeyValue, { type: 'string' }>, at: number): Node {
  switch (value.type) {
    case 'list':
      return value.elements.map(quoted);
    case 'set':
      return value.members.map(({ member, expiry }) => `${quoted(member)}${ofExpiry(expiry, at)}`);
    case 'zset':
      return value.members.map(
        ({ member, score, expiry }) => `${quoted(member)} => ${scoreText(score)}${ofExpiry(expiry, at)}`,
      );
    case 'hash':
      return value.fields.map(fieldLine(at));
    case 'stream':
      return streamNodes(value, at);
    case 'array':
      return value.elements.map(({ index, value: element }) => `${index} => ${quoted(element)}`);
    case 'pathhash':
      return value.paths.map(({ path, fields }) => [quoted(path), fields.map(fieldLine(at))]);
    case 'bitmap':
      return [`length ${value.length}`, ...value.runs.map(([from, end]) => `bits ${from} to ${Number(end) - 1}`)];
    case 'gcra':
      return [`theoretical arrival time ${value.arrival}`];
    case 'cron': {
      const { script, start, interval, keys, args } = value.job;
      return [`script ${quoted(script)}`, `start ${start}`, `interval ${interval}`, keys.map(quoted), args.map(quoted)];
    }
    case 'vectorset':
      return value.elements.map(({ element, attributes, vector }) => {
        const more = [vector && `[${vector.join(', ')}]`, attributes && `attributes ${quoted(attributes)}`].filter(
          Boolean,
        );
        return more.length === 0 ? quoted(element) : `${quoted(element)} => ${more.join(' ')}`;
      });
    case 'module':
      return [`${value.module}: ${plural(value.data.length, 'byte')} that only the module understands`];
  }
}

const fieldLine =
  (at: number) =>
  ({ field, value, expiry }: { field: Buffer; value: Buffer; expiry?: number }): string =>
    `${quoted(field)} => ${quoted(value)}${ofExpiry(expiry, at)}`;

const scoreText = (score: number): string =>
  Object.is(score, -0) ? '-0' : Number.isFinite(score) ? String(score) : score > 0 ? 'inf' : '-inf';

function streamNodes(stream: Extract<KeyValue, { type: 'stream' }>, at: number): Node {
  const { entries, lastId, maxDeletedId, entriesAdded, groups } = stream;
  const nodes: Node[] = entries.map(({ id, fields }) => [quoted(Buffer.from(id)), fields.map(quoted)]);
  nodes.push(`last id ${lastId}, highest deleted id ${maxDeletedId}, entries added ${entriesAdded}`);
  for (const { name, lastId: read, entriesRead = 'not known', consumers, pending } of groups) {
    nodes.push([
      `group ${quoted(name)}, last delivered id ${read}, entries read ${entriesRead}`,
      consumers.map(
        ({ name: consumer, seenTime }) => `consumer ${quoted(consumer)}, seen ${new Date(seenTime).toISOString()}`,
      ),
      pending.map(
        ({ id, consumer, deliveryTime, deliveryCount }) =>
          `pending ${id}, ${consumer ? quoted(consumer) : 'no consumer'}, delivered ${plural(Number(deliveryCount), 'time')}, last ${Math.round((at - deliveryTime) / 1000)} s ago`,
      ),
    ]);
  }
  return nodes;
}

function lines(node: Node): string[] {
  if (typeof node === 'string') return [node];
  if (node.length === 0) return ['(empty)'];
  const width = String(node.length).length;
  return node.flatMap((part, index) => {
    const head = `${String(index + 1).padStart(width)}) `;
    return lines(part).map((line, row) => (row === 0 ? head : ' '.repeat(head.length)) + line);
  });
}

/** The elements one a line, their bytes as they are, as `redis-cli --raw` shows them. */
export function rawValue(value: KeyValue): Buffer {
  const parts = rawParts(value);
  const end = Buffer.of(0x0a);
  return Buffer.concat(value.type === 'string' ? parts : parts.flatMap((part) => [part, end]));
}

function rawParts(value: KeyValue): Buffer[] {
  switch (value.type) {
    case 'string':
      return [value.value];
    case 'list':
      return [...value.elements];
    case 'set':
      return value.members.map(({ member }) => member);
    case 'zset':
      return value.members.flatMap(({ member, score }) => [member, Buffer.from(scoreText(score))]);
    case 'hash':
      return value.fields.flatMap(({ field, value: text }) => [field, text]);
    case 'stream':
      return value.entries.flatMap(({ id, fields }) => [Buffer.from(id), ...fields]);
    case 'module':
      return [value.data];
    default:
      return [Buffer.from(formatValue(value, 0).trimEnd(), 'utf8')];
  }
}

/** Bytes of an argument that a line of the history shows. */
const shownBytes = 64;

/** A change of a key: the command in a line, as `aofkit log` shows it, and the value after it. */
export function formatChange(change: KeyChange, colour: Palette, at: number): string {
  const { path, offset, ordinal, time, command, queued = [], key } = change;
  const place = `${printable(path)}:${offset}`;
  const when = time === undefined ? '' : ` ${new Date(time * 1000).toISOString().replace('.000Z', 'Z')}`;
  const head =
    ordinal === 0
      ? `${place} in the RDB`
      : `${place} #${ordinal}${when} ${commandText(command)}${queued.map((one) => `\n    ${commandText(one)}`).join('')}`;
  if (key === undefined) return `${colour.bold(head)}\n(nil)\n`;
  return `${colour.bold(head)}\n${formatKey(key, colour, at)}`;
}

function commandText([name, ...args]: readonly Buffer[]): string {
  const words = args.map((arg) => `"${escapeBytes(arg, 0, arg.length, shownBytes)}"`);
  return [escapeBytes(name).toUpperCase(), ...words].join(' ');
}
