import { isUtf8 } from 'node:buffer';
import type { Field, KeyValue, Member, StreamContent, StreamGroup } from './key-value.ts';

/*
 * Keys and values as JSON, whatever their bytes (docs/export.md has the form for users):
 *
 *     utf8     a text that is UTF-8 is a string; one that is not is {"base64": "…"}
 *     base64   every text is a string of base64
 *     latin1   every text is a string with a character a byte, U+0000 to U+00FF
 *
 * A text is made from a binary string. All texts of a value are JSON already, so that a value is put together from its parts.
 */

export type TextEncoding = 'utf8' | 'base64' | 'latin1';

/** Gives the JSON of a text, by a binary string (one character a byte). */
export type JsonText = (binary: string) => string;

export function jsonTextOf(encoding: TextEncoding): JsonText {
  if (encoding === 'latin1') return (binary) => JSON.stringify(binary);
  if (encoding === 'base64') return (binary) => `"${Buffer.from(binary, 'latin1').toString('base64')}"`;
  return utf8Text;
}

/** Characters that stand for themselves in a JSON string and in UTF-8. */
const plain = /^[ !#-[\]-~]*$/;

function utf8Text(binary: string): string {
  if (plain.test(binary)) return `"${binary}"`;
  const bytes = Buffer.from(binary, 'latin1');
  return isUtf8(bytes) ? JSON.stringify(bytes.toString('utf8')) : `{"base64":"${bytes.toString('base64')}"}`;
}

/** A number that may pass 2^53 as JSON; a parser that rounds it gives what it can. */
const number = (value: number | bigint): string => (Object.is(value, -0) ? '-0' : String(value));

/** A score: JSON has no infinite numbers. */
const scoreJson = (score: number): string =>
  Number.isFinite(score) ? number(score) : Number.isNaN(score) ? '"nan"' : score > 0 ? '"inf"' : '"-inf"';

const list = (parts: readonly string[]): string => `[${parts.join(',')}]`;

/** Members of an object, `"name":value` each; what is undefined is left out. */
const object = (parts: readonly (string | undefined)[]): string =>
  `{${parts.filter((part) => part !== undefined).join(',')}}`;

/**
 * The properties of a key's object that hold its value, `"value":…` first, without braces. The value's texts are JSON.
 */
export function valueProperties(value: KeyValue<string>): string {
  switch (value.type) {
    case 'string':
      return `"value":${value.value}`;
    case 'list':
      return `"value":${list(value.elements)}`;
    case 'set':
      return `"value":${list(value.members.map(({ member }) => member))}${expiries('memberExpiry', value.members)}`;
    case 'zset': {
      const members = value.members.map(({ member, score }) => `{"member":${member},"score":${scoreJson(score)}}`);
      return `"value":${list(members)}${expiries('memberExpiry', value.members)}`;
    }
    case 'hash':
      return `"value":${fieldsJson(value.fields)}${expiries(
        'fieldExpiry',
        value.fields.map(({ field, expiry }) => ({ member: field, expiry })),
      )}`;
    case 'stream':
      return streamJson(value);
    case 'array':
      return `"value":${list(value.elements.map(({ index, value: element }) => `{"index":${number(index)},"value":${element}}`))},"length":${number(value.length)}`;
    case 'pathhash':
      return `"value":${list(value.paths.map(({ path, fields }) => `{"path":${path},"fields":${fieldsJson(fields)}}`))}`;
    case 'bitmap':
      return `"value":${list(value.runs.map(([from, end]) => list([number(from), number(end)])))},"length":${number(value.length)}`;
    case 'gcra':
      return `"value":${number(value.arrival)}`;
    case 'cron': {
      const { script, start, interval, keys, args } = value.job;
      return `"value":{"script":${script},"start":${number(start)},"interval":${number(interval)},"keys":${list(keys)},"args":${list(args)}}`;
    }
    case 'vectorset':
      return `"value":${list(value.elements.map(vectorJson))},"dimension":${value.dimension},"quantization":${JSON.stringify(value.quantization)}`;
    case 'module':
      return `"value":{"module":${JSON.stringify(value.module)},"base64":"${value.data.toString('base64')}"}`;
  }
}

/** An object; with names that are no JSON strings, a list of pairs, so that nothing is lost. */
function fieldsJson(fields: readonly Field<string>[]): string {
  if (fields.every(({ field }) => field.startsWith('"'))) {
    return object(fields.map(({ field, value }) => `${field}:${value}`));
  }
  return list(fields.map(({ field, value }) => `{"field":${field},"value":${value}}`));
}

/** The moments at which members expire; nothing where none does. */
function expiries(name: string, members: readonly Member<string>[]): string {
  const expiring = members.filter(({ expiry }) => expiry !== undefined);
  if (expiring.length === 0) return '';
  const isPlain = expiring.every(({ member }) => member.startsWith('"'));
  const pairs = isPlain
    ? object(expiring.map(({ member, expiry }) => `${member}:${expiry}`))
    : list(expiring.map(({ member, expiry }) => `{"name":${member},"expiry":${expiry}}`));
  return `,"${name}":${pairs}`;
}

type VectorElement = Extract<KeyValue<string>, { type: 'vectorset' }>['elements'][number];

function vectorJson({ element, attributes, vector, stored }: VectorElement): string {
  return object([
    `"element":${element}`,
    attributes === undefined ? undefined : `"attributes":${attributes}`,
    vector && `"vector":${list(vector.map(scoreJson))}`,
    stored && `"stored":"${stored.toString('base64')}"`,
  ]);
}

function streamJson(stream: StreamContent<string>): string {
  const { entries, lastId, maxDeletedId, entriesAdded, groups, idempotency } = stream;
  const value = list(entries.map(({ id, fields }) => `{"id":"${id}","fields":${list(fields)}}`));
  const facts = `"lastId":"${lastId}","maxDeletedId":"${maxDeletedId}","entriesAdded":${number(entriesAdded)}`;
  const producers =
    idempotency === undefined
      ? ''
      : `,"idempotency":{"duration":${idempotency.duration},"maxEntries":${idempotency.maxEntries},"messages":${list(
          idempotency.messages.map(
            ({ producer, message, id }) => `{"producer":${producer},"message":${message},"id":"${id}"}`,
          ),
        )}}`;
  return `"value":${value},${facts},"groups":${list(groups.map(groupJson))}${producers}`;
}

function groupJson({ name, lastId, entriesRead, consumers, pending }: StreamGroup<string>): string {
  return object([
    `"name":${name}`,
    `"lastId":"${lastId}"`,
    entriesRead === undefined ? undefined : `"entriesRead":${number(entriesRead)}`,
    `"consumers":${list(
      consumers.map((consumer) =>
        object([
          `"name":${consumer.name}`,
          `"seenTime":${consumer.seenTime}`,
          consumer.activeTime === undefined ? undefined : `"activeTime":${consumer.activeTime}`,
        ]),
      ),
    )}`,
    `"pending":${list(
      pending.map(({ id, consumer, deliveryTime, deliveryCount }) =>
        object([
          `"id":"${id}"`,
          consumer === undefined ? undefined : `"consumer":${consumer}`,
          `"deliveryTime":${deliveryTime}`,
          `"deliveryCount":${number(deliveryCount)}`,
        ]),
      ),
    )}`,
  ]);
}
