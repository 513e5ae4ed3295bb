/* Damaged values as JSON: what decoding says of them, whichever way they are written. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { EncodingError, FormatError } from '../../src/faults.ts';
import { exportKeys } from '../../src/index.ts';
import { jsonTextOf, valueProperties } from '../../src/keys/json-text.ts';
import { KeyJson } from '../../src/keys/key-json.ts';
import { KeyMaker } from '../../src/keys/key-maker.ts';
import { keyValueOf } from '../../src/keys/key-value.ts';
import { scanKeys } from '../../src/keys/scan-keys.ts';
import { RdbCodec } from '../../src/rdb/codec/codec.ts';
import { KeyRecord } from '../../src/rdb/key-record.ts';
import { TypeId } from '../../src/servers/value-type-id.ts';
import { temporaryDir } from '../support/servers.ts';

interface Serialized {
  readonly type: number;
  readonly raw: Buffer;
}

async function valuesOf(path: string, maker: KeyMaker): Promise<Serialized[]> {
  const values: Serialized[] = [];
  await scanKeys(
    path,
    { at: 0 },
    {
      begin: (facts) => maker.begin(facts),
      key: (record) => {
        // The frame of a module's value is checked by the reader, before anything is decoded.
        if (record.rawLength < 3000 && record.type !== TypeId.module)
          values.push({ type: record.type, raw: Buffer.from(record.raw.subarray(record.rawFrom, record.rawTo)) });
        return undefined;
      },
    },
  );
  return values;
}

/** What `make` gives, or that the value is damaged. */
function outcome(make: () => string): string {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError || error instanceof EncodingError) return 'damaged';
    throw error;
  }
}

describe.each(['redis-8.6-rdb-uncompressed', 'redis-7.0-rdb', 'redis-6.0-rdb', 'valkey-9.1-rdb'])('%s', (name) => {
  it('a value with wrong bytes, or cut, is what decoding says', { timeout: 120_000 }, async () => {
    const maker = new KeyMaker({});
    const values = await valuesOf(join(goldenDir(name), 'dump.rdb'), maker);
    const lines = new KeyJson(maker);
    const codec = new RdbCodec();
    const text = jsonTextOf('utf8');
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 60; round++) {
      for (const { type, raw } of values) {
        const bytes = Buffer.from(raw);
        for (let flips = random(3); flips >= 0; flips--) bytes[random(bytes.length)] = random(256);
        const end = random(4) === 0 ? random(bytes.length) + 1 : bytes.length;
        const record = new KeyRecord(codec);
        record.key = Buffer.from('k');
        record.keyTo = 1;
        record.type = type;
        record.raw = Buffer.from(bytes.subarray(0, end));
        record.rawTo = end;
        const expected = outcome(() => valueProperties(keyValueOf(record.decoded(), text)));
        const line = outcome(() => lines.key(record));
        const found = line === 'damaged' ? line : line.slice(line.indexOf(',"value":') + 1, -1);
        expect([type, bytes.toString('base64', 0, end), found]).toEqual([
          type,
          bytes.toString('base64', 0, end),
          expected,
        ]);
      }
    }
  });
});

it('a sorted set with a length that is too long is a finding, and the keys behind it are written', async () => {
  const text = (value: Buffer) => Buffer.concat([Buffer.of(value.length), value]);
  // A member, and a score that claims to have 48 bytes.
  const listpack = Buffer.from([0, 0, 0, 0, 2, 0, 0x81, 0x61, 2, 0xb0, 0x31, 2, 0xff]);
  listpack.writeUInt32LE(listpack.length);
  const path = join(temporaryDir(), 'dump.rdb');
  const key = (type: number, name: string, value: Buffer) =>
    Buffer.concat([Buffer.of(type), text(Buffer.from(name)), text(value)]);
  writeFileSync(
    path,
    Buffer.concat([
      Buffer.from('REDIS0011'),
      Buffer.of(0xfe, 0),
      key(0, 'before', Buffer.from('1')),
      key(17, 'zset', listpack),
      key(0, 'behind', Buffer.from('2')),
      Buffer.of(0xff),
      Buffer.alloc(8),
    ]),
  );
  for (const format of ['jsonl', 'csv', 'parquet', 'resp'] as const) {
    const pieces: Buffer[] = [];
    const output = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
    const { ok, inputs } = await exportKeys([path], { format, output, at: 0 });
    const written = Buffer.concat(pieces).toString('latin1');
    expect(written).toContain('before');
    expect(written).toContain('behind');
    if (format !== 'parquet') {
      expect(ok).toBe(false);
      expect(inputs[0].findings.map(({ key: at }) => at?.name)).toEqual(['zset']);
      expect(inputs[0].exported).toBe(2);
    }
  }
});
