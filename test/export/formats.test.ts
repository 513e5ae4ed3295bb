/* Formats of export: read back, whatever the bytes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { digest, readKeys } from '../../src/index.ts';
import { aofkit } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/servers.ts';

const rdb = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');

type Word = string | Buffer;

function log(...commands: Word[][]): string {
  const file = join(temporaryDir(), 'appendonly.aof');
  writeFileSync(file, Buffer.concat(commands.map((command) => encodeCommand(command))));
  return file;
}

const binary = (text: string): Buffer => Buffer.from(text, 'latin1');
const names = [
  'plain',
  '__proto__',
  'caf\xc3\xa9',
  'caf\xe9',
  'a\tb\nc',
  'quo"te,',
  'back\\slash',
  '\x1b[31m',
  '\xff',
  '=1+1',
  '',
  '\r\n',
];

/** The bytes of a readable text. */
function bytesOfReadable(text: string): string {
  const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b' };
  const parts = text.split(/(\\x[0-9a-f]{2}|\\.)/s);
  const bytes = parts.map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part, 'utf8');
    return part.length === 4 ? Buffer.of(Number.parseInt(part.slice(2), 16)) : binary(letters[part[1]] ?? part[1]);
  });
  return Buffer.concat(bytes).toString('latin1');
}

describe('export', () => {
  const file = log(...names.map((name) => ['SET', binary(name), binary(`${name}\xfe`)]), [
    'HSET',
    'h',
    ...names.flatMap((name) => [binary(name), binary(name)]),
  ]);

  it.each(['utf8', 'base64', 'latin1'])('jsonl keeps every byte: %s', (encoding) => {
    const lines = Buffer.from(aofkit(['export', file, '--encoding', encoding]).stdout, 'latin1')
      .toString('utf8')
      .split('\n')
      .slice(0, -1);
    const bytes = (text: string | { base64: string }) => {
      if (typeof text !== 'string') return Buffer.from(text.base64, 'base64').toString('latin1');
      if (encoding === 'base64') return Buffer.from(text, 'base64').toString('latin1');
      return encoding === 'latin1' ? text : Buffer.from(text, 'utf8').toString('latin1');
    };
    const keys = lines.map((line) => JSON.parse(line));
    const strings = keys.filter(({ type }) => type === 'string');
    expect(strings.map(({ key, value }) => [bytes(key), bytes(value)]).sort()).toEqual(
      names.map((name) => [name, `${name}\xfe`]).sort(),
    );
    const [hash] = keys.filter(({ type }) => type === 'hash');
    const fields = Array.isArray(hash.value)
      ? hash.value.map(({ field, value }: { field: string; value: string }) => [bytes(field), bytes(value)])
      : Object.entries(hash.value).map(([field, value]) => [bytes(field), bytes(value as string)]);
    expect(fields.sort()).toEqual(names.map((name) => [name, name]).sort());
  });

  it('json is one array', () => {
    const all = JSON.parse(Buffer.from(aofkit(['export', file, '--format', 'json']).stdout, 'latin1').toString('utf8'));
    expect(all).toHaveLength(names.length + 1);
    expect(JSON.parse(aofkit(['export', log(['DEL', 'x']), '--format', 'json']).stdout)).toEqual([]);
  });

  it('csv reads back with another library, and --safe guards formulas', () => {
    const rows = (...flags: string[]): Record<string, string>[] =>
      parse(binary(aofkit(['export', file, '--format', 'csv', ...flags]).stdout), { columns: true });
    const strings = rows().filter(({ type }) => type === 'string');
    expect(strings.map(({ key, value }) => [bytesOfReadable(key), bytesOfReadable(value)]).sort()).toEqual(
      names.map((name) => [name, `${name}\xfe`]).sort(),
    );
    expect(rows('--safe').map(({ key }) => key)).toContain("'=1+1");
  });

  it('resp rebuilds the dataset', async () => {
    const output = join(temporaryDir(), 'out.aof');
    expect(aofkit(['export', rdb, '-o', output]).status).toBe(0);
    const [one, other] = await Promise.all([rdb, output].map((path) => digest(path, { at: 0 })));
    expect(other.digest).toBe(one.digest);
  });

  it('--hash-keys and --max-value-bytes hide names and large values', () => {
    const lines = aofkit([
      'export',
      log(['SET', 'name', 'x'.repeat(5000)], ['SET', 'other', '1']),
      '--hash-keys',
      'salt',
      '--max-value-bytes',
      '100',
    ]);
    const keys = lines.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    expect(keys.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    expect(keys.map(({ value, truncated, elements }) => [value, truncated, elements])).toEqual(
      expect.arrayContaining([
        ['x'.repeat(100), true, 5000],
        ['1', undefined, 1],
      ]),
    );
    expect(lines.stdout).not.toContain('name');
    expect(lines.stderr).toMatch(/1 value longer than --max-value-bytes cut/);
  });

  it('writes what is before the damage, and ends with 1; an output that is there stays', () => {
    const dir = temporaryDir();
    const torn = join(dir, 'torn.rdb');
    writeFileSync(torn, readFileSync(rdb).subarray(0, -3000));
    const output = join(dir, 'out.jsonl');
    const { status, stderr } = aofkit(['export', torn, '-o', output]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/rdb\.truncated/);
    const before = readFileSync(output, 'utf8');
    expect(before.split('\n').length).toBeGreaterThan(10);
    expect(aofkit(['export', rdb, '-o', output]).status).toBe(2);
    expect(readFileSync(output, 'utf8')).toBe(before);
    expect(aofkit(['export', join(dir, 'missing.rdb'), '-o', join(dir, 'no.jsonl')]).status).toBe(3);
    expect(existsSync(join(dir, 'no.jsonl'))).toBe(false);
  });
});

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjects();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('parquet, read by DuckDB', () => {
  it('keys: the same types, counts and moments', async () => {
    const output = join(temporaryDir(), 'keys.parquet');
    expect(aofkit(['export', rdb, '-o', output]).status).toBe(0);
    const rows = await query(
      `SELECT db, key, type, elements, epoch_ms(expiry) AS expiry, "offset" FROM '${output}' ORDER BY "offset"`,
    );
    const expected = [];
    for await (const batch of readKeys(rdb)) expected.push(...batch);
    expect(
      rows.map(({ db, key, type, elements, expiry, offset }) => [
        db,
        bytesOfReadable(String(key)),
        type,
        Number(elements),
        expiry === null ? undefined : Number(expiry),
        Number(offset),
      ]),
    ).toEqual(
      expected.map(({ database, name, type, elements, expiry, offset }) => [
        database,
        name.toString('latin1'),
        type,
        elements,
        expiry,
        offset,
      ]),
    );
  });

  it('elements: every value of every type', async () => {
    const output = join(temporaryDir(), 'elements');
    expect(aofkit(['export', rdb, '--format', 'parquet', '--elements', '-o', output]).status).toBe(0);
    const seen: string[] = [];
    for (const name of ['strings', 'lists', 'sets', 'zsets', 'hashes', 'streams']) {
      for (const row of await query(`SELECT * FROM '${join(output, `${name}.parquet`)}'`))
        seen.push(rowText(name, row));
    }
    const expected: string[] = [];
    for await (const batch of readKeys(rdb)) {
      for (const { database, name, value } of batch) {
        const add = (table: string, ...cells: (Buffer | number | bigint | string)[]) =>
          expected.push(
            [
              table,
              database,
              name.toString('latin1'),
              ...cells.map((cell) => (Buffer.isBuffer(cell) ? cell.toString('latin1') : String(cell))),
            ].join('|'),
          );
        if (value?.type === 'string') add('strings', value.value);
        else if (value?.type === 'list')
          for (const [index, element] of value.elements.entries()) add('lists', index, element);
        else if (value?.type === 'set') for (const { member } of value.members) add('sets', member);
        else if (value?.type === 'zset') for (const { member, score } of value.members) add('zsets', member, score);
        else if (value?.type === 'hash')
          for (const { field, value: content, expiry = '' } of value.fields) add('hashes', field, content, expiry);
        else if (value?.type === 'stream') {
          for (const { id, fields } of value.entries)
            for (let index = 0; index < fields.length; index += 2) add('streams', id, fields[index], fields[index + 1]);
        }
      }
    }
    expect(seen.sort()).toEqual(expected.sort());
  });

  it('several inputs are one table with a partition each', async () => {
    const dir = temporaryDir();
    const paths = Array.from({ length: 5 }, (_, shard) => {
      const path = join(dir, `shard-${shard}.aof`);
      const commands = Array.from({ length: shard + 1 }, (_, index) =>
        encodeCommand(['SET', `key:${shard}:${index}`, 'x']),
      );
      writeFileSync(path, Buffer.concat(commands));
      return path;
    });
    const output = join(dir, 'keys');
    mkdirSync(output);
    expect(aofkit(['export', ...paths, '--format', 'parquet', '-o', output]).status).toBe(0);
    const rows = await query(
      `SELECT source, count(*) AS keys FROM read_parquet('${output}/*/*.parquet', hive_partitioning = true) GROUP BY source ORDER BY source`,
    );
    expect(rows.map(({ source, keys }) => [source, Number(keys)])).toEqual(
      paths.map((_, shard) => [`shard-${shard}`, shard + 1]),
    );
  });

  it('row groups of the size that is asked for', async () => {
    const output = join(temporaryDir(), 'keys.parquet');
    const path = log(...Array.from({ length: 250 }, (_, index) => ['SET', `k${index}`, 'x']));
    expect(aofkit(['export', path, '-o', output, '--row-group', '100']).status).toBe(0);
    const rows = await query(
      `SELECT DISTINCT row_group_id, row_group_num_rows AS n FROM parquet_metadata('${output}') ORDER BY 1`,
    );
    expect(rows.map(({ n }) => Number(n))).toEqual([100, 100, 50]);
  });
});

const momentText = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  const { micros } = value as { micros?: bigint };
  return micros === undefined ? String((value as { millis: bigint }).millis) : String(micros / 1000n);
};

function rowText(table: string, row: Record<string, unknown>): string {
  const text = (name: string) => bytesOfReadable(String(row[name]));
  const cells: Record<string, () => string[]> = {
    strings: () => [text('value')],
    lists: () => [String(row.index), text('value')],
    sets: () => [text('member')],
    zsets: () => [text('member'), String(row.score)],
    hashes: () => [text('field'), text('value'), momentText(row.field_expiry)],
    streams: () => [text('id'), text('field'), text('value')],
  };
  return [table, row.db, text('key'), ...cells[table]()].join('|');
}
