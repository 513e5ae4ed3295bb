/* Whatever the value: written for any target and read again it is the same; and damaged bytes give a fault, nothing else. */

import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../../fixtures/generate/golden.ts';
import { FormatError } from '../../../src/faults.ts';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { encodePayload, payloadRules } from '../../../src/rdb/codec/payload.ts';
import { RdbOutput } from '../../../src/rdb/output.ts';
import { encodeValue } from '../../../src/rdb/writer/value-encoder.ts';
import { findTarget, type Target, targets } from '../../../src/servers/targets.ts';
import { ArrayValue } from '../../../src/values/array.ts';
import { HashValue } from '../../../src/values/hash.ts';
import { ListValue } from '../../../src/values/list.ts';
import { SetValue } from '../../../src/values/set.ts';
import { SortedSetValue } from '../../../src/values/sorted-set.ts';
import type { Value } from '../../../src/values/value.ts';
import { readRdb } from './rdb-file.ts';

const runs = { numRuns: 60 };
const integer = fc.oneof(fc.integer().map(String), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
const binary = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const repeated = fc
  .tuple(binary, fc.integer({ min: 1, max: 200 }))
  .map(([text, times]) => text.slice(0, 60).repeat(times));
const text = fc.oneof(integer, binary, fc.constantFrom('', '0', '-0', '00', '9223372036854775808', 'inf'), repeated);
const score = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, 2 ** 62, -(2 ** 62), 2 ** 63, 0.1, 1e300, Infinity),
);
const expiry = fc.integer({ min: 1, max: 2 ** 48 - 1 });

/** What a collection holds, to be compared. */
function contents(value: Value): unknown {
  if (typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof ListValue) return [...value.values()];
  if (value instanceof SetValue) return [...value.values()].sort();
  if (value instanceof SortedSetValue)
    return [...value.entries()].map(([member, at]) => [member, at === 0 ? 0 : at]).sort();
  if (value instanceof HashValue) return [...value.entries()].map((pair) => [...pair, value.expiry(pair[0])]).sort();
  if (value instanceof ArrayValue) return [value.insertIndex, ...value.entries()];
  throw new Error('another kind');
}

function expectRoundTrip(value: Value, target: Target, compress: boolean): void {
  const out = new RdbOutput();
  out.compress = compress;
  const type = encodeValue(out, value, target);
  const bytes = out.view();
  const codec = new RdbCodec({
    payloads: { fork: target.fork, versionMax: target.rdbVersion, takesNoChecksum: false },
  });
  expect(contents(codec.decode(type, bytes, 0, bytes.length))).toEqual(contents(value));
  expect(target.reads.has(type)).toBe(true);
  const payload = encodePayload(type, bytes, target);
  expect(codec.restorePayload(payload)).toEqual({ rdbType: type, from: 1, to: 1 + bytes.length });
}

describe.each(targets.map((target) => [target.name, target] as const))('decode after encode: %s', (_, target) => {
  const check = <T>(name: string, arbitrary: fc.Arbitrary<T>, make: (model: T) => Value): void =>
    it(name, () => {
      fc.assert(
        fc.property(arbitrary, fc.boolean(), (model, compress) => expectRoundTrip(make(model), target, compress)),
        runs,
      );
    });

  check('strings', text, (model) => Buffer.from(model, 'latin1'));
  check('lists', fc.array(text, { minLength: 1, maxLength: 40 }), (model) => ListValue.of(model));
  check('sets', fc.array(text, { minLength: 1, maxLength: 200 }), (model) => SetValue.of(model));
  check('integer sets', fc.array(integer, { minLength: 1, maxLength: 600 }), (model) => SetValue.of(model));
  const scored = fc.array(fc.tuple(text, score), { minLength: 1, maxLength: 200 });
  check('sorted sets', scored, (model) => SortedSetValue.of(model as [string, number][]));
  check('hashes', fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 100 }), (model) => hashOf(model));
  if (target.fieldExpiry !== 'none') {
    const fields = fc.array(fc.tuple(text, text, fc.option(expiry, { nil: undefined })), {
      minLength: 1,
      maxLength: 50,
    });
    check('fields that expire', fields, (model) => hashOf(model));
  }
  if (target.hasArrays) {
    const slots = fc.array(fc.tuple(fc.nat(), text), { minLength: 1, maxLength: 50 });
    check('arrays', fc.tuple(slots, fc.option(fc.nat(), { nil: undefined })), ([model, cursor]) => {
      const array = new ArrayValue();
      for (const [index, value] of model) array.set(index, value);
      array.insertIndex = cursor;
      return array;
    });
  }
});

function hashOf(fields: readonly (readonly [string, string, (number | undefined)?])[]): HashValue {
  const hash = new HashValue();
  for (const [field, value, at] of fields) {
    hash.set(field, value);
    if (at !== undefined) hash.expire(field, at);
  }
  return hash;
}

describe('damaged values', () => {
  const files = [
    'redis-6.0-rdb',
    'redis-8.6-rdb',
    'valkey-9.1-rdb',
    'built-v2-zipmap',
    'built-v15-hash-templates',
    'built-v14-stream-nack',
    'built-v14-array',
  ];

  it.each(files)('%s: a fault and nothing else', (name) => {
    const file = readRdb(join(goldenDir(name), 'dump.rdb'));
    const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
    let state = 42;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (const { type, value } of file.keys.filter((key) => key.value.length < 5000)) {
      for (let round = 0; round < 40; round++) {
        const damaged = Buffer.from(value);
        for (let left = 1 + random(3); left > 0; left--) damaged[random(damaged.length)] = random(256);
        const end = round % 4 === 0 ? random(damaged.length) : damaged.length;
        try {
          codec.decode(type, damaged, 0, end);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }
    }
  });
});

describe('RESTORE payloads', () => {
  const value = Buffer.from([0x03, 0x61, 0x62, 0x63]);
  const error = 'ERR DUMP payload version or checksum are wrong';

  it.each([
    ['redis-8', 'redis-8.6', true],
    ['redis-7.0', 'redis-7.2', false],
    ['valkey-9', 'redis-7.2', true],
    ['valkey-9', 'redis-7.4', false],
    ['valkey-9', 'valkey-9.1', true],
    ['redis-8', 'valkey-9.1', false],
  ] as const)('%s takes one of %s: %s', (flavor, writer, isTaken) => {
    const codec = new RdbCodec({ payloads: payloadRules(flavor) });
    const payload = encodePayload(0, value, findTarget(writer) as Target);
    expect(codec.restorePayload(payload)).toEqual(isTaken ? { rdbType: 0, from: 1, to: 5 } : error);
  });

  it('refuses a wrong checksum, a short payload, damaged and empty values', () => {
    const codec = new RdbCodec();
    const target = findTarget('redis-8') as Target;
    const payload = encodePayload(0, value, target);
    payload[2] ^= 1;
    expect(codec.restorePayload(payload)).toBe(error);
    expect(codec.restorePayload(payload.subarray(0, 9))).toBe(error);
    expect(codec.restorePayload(encodePayload(0, value.subarray(0, 2), target))).toBe('ERR Bad data format');
    expect(codec.restorePayload(encodePayload(1, Buffer.from([0]), target))).toBe('ERR Bad data format');
    expect(codec.restorePayload(encodePayload(8, value, target))).toBe('ERR Bad data format');
  });
});
