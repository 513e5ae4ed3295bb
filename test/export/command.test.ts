/* export as a user runs it: outputs that fail, damaged inputs, what is left behind. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { exportKeys, repair } from '../../src/index.ts';
import { aofkit, binary } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/servers.ts';

const rdb = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');
const formats = ['jsonl', 'json', 'csv', 'parquet', 'resp'];

const quote = (word: string) => `'${word}'`;
const shell = (script: string, env: Record<string, string> = {}) =>
  spawnSync('bash', ['-o', 'pipefail', '-c', script], { encoding: 'latin1', env: { ...process.env, ...env } });
const command = (...args: string[]) => [process.execPath, binary, 'export', ...args].map(quote).join(' ');

function largeLog(): string {
  const path = join(temporaryDir(), 'large.aof');
  const value = 'x'.repeat(100_000);
  writeFileSync(
    path,
    Buffer.concat(Array.from({ length: 30 }, (_, index) => encodeCommand(['SET', `k${index}`, value]))),
  );
  return path;
}

describe('an output that fails', () => {
  const log = largeLog();

  it.each(formats)('standard output on a full disk: %s', (format) => {
    const { status, stderr } = shell(`${command(log, '--format', format)} > /dev/full`);
    expect(status).toBe(3);
    expect(stderr).toMatch(/the disk is full/);
  });

  it.each(formats)('a pipe that is closed early is no error: %s', (format) => {
    const { status, stderr } = shell(`${command(log, '--format', format)} | head -c 100 > /dev/null`);
    expect([status, stderr]).toEqual([0, '']);
  });

  it.each(formats)('a file that grows beyond a limit leaves nothing: %s', (format) => {
    const dir = temporaryDir();
    // Of the keys as Parquet only names are written: their limit is lower.
    const blocks = format === 'parquet' ? 0 : 64;
    const script = `trap '' XFSZ; ulimit -f ${blocks}; ${command(log, '--format', format, '-o', join(dir, 'out'))}`;
    const { status, stderr } = shell(script);
    expect(stderr).toMatch(/cannot write/);
    expect(status).toBe(3);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('of several files, none is there', () => {
    const dir = temporaryDir();
    const script = `trap '' XFSZ; ulimit -f 64; ${command(log, rdb, '--format', 'parquet', '--elements', '-o', join(dir, 'out'))}`;
    expect(shell(script).status).toBe(3);
    expect(readdirSync(dir, { recursive: true })).toEqual([]);
  });

  it('what was in the folder before stays', () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'other'), '');
    const script = `trap '' XFSZ; ulimit -f 64; ${command(log, '--format', 'parquet', '--elements', '-o', dir)}`;
    expect(shell(script).status).toBe(3);
    expect(readdirSync(dir)).toEqual(['other']);
  });
});

describe('--salvage', () => {
  const torn = (dir: string) => {
    const path = join(dir, 'torn.rdb');
    const bytes = Buffer.from(readFileSync(rdb));
    // The length of a name becomes larger than the file.
    const at = bytes.indexOf('hash:big') - 1;
    bytes[at] = 0x81;
    writeFileSync(path, bytes);
    return path;
  };

  it('exports what repair keeps, and leaves nothing behind', async () => {
    const dir = temporaryDir();
    const path = torn(dir);
    const temporary = join(dir, 'tmp');
    mkdirSync(temporary);
    const repaired = join(dir, 'repaired.rdb');
    const { ok } = await repair(path, { output: repaired, strategy: 'salvage', seed: 1 });
    const expected = aofkit(['export', repaired]).stdout;
    const plain = aofkit(['export', path]);
    const salvaged = aofkit(['export', path, '--salvage'], undefined, { TMPDIR: temporary });
    expect(plain.status).toBe(1);
    expect(plain.stdout.length).toBeLessThan(expected.length);
    expect(salvaged.stdout).toBe(expected);
    expect(salvaged.status).toBe(ok ? 0 : 1);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('ends with 1 where something is lost', () => {
    const path = join(temporaryDir(), 'short.rdb');
    writeFileSync(path, readFileSync(rdb).subarray(0, -3000));
    const { status, stdout, stderr } = aofkit(['export', path, '--salvage']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/not wholly repaired/);
    expect(stdout.split('\n').length).toBeGreaterThan(40);
  });

  it('does not copy what is sound, and names the inputs as they were given', () => {
    const dir = temporaryDir();
    const { stdout } = aofkit(['export', rdb, torn(dir), '--salvage']);
    const sources = new Set(
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).source),
    );
    expect([...sources]).toEqual([rdb, join(dir, 'torn.rdb')]);
    const sound = aofkit(['export', rdb, '--salvage', '--json', '-o', join(dir, 'out.jsonl')]);
    expect(sound.status).toBe(0);
    const { ok, inputs } = JSON.parse(sound.stdout);
    expect([ok, inputs[0].path]).toEqual([true, rdb]);
  });
});

describe('export', () => {
  it('needs an output for --json', () => {
    expect(aofkit(['export', rdb, '--json']).status).toBe(2);
  });

  it('keeps the module value with its name', () => {
    const { stdout } = aofkit(['export', join(goldenDir('built-v12-module'), 'dump.rdb'), '--type', 'module']);
    const values = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).value);
    expect(values.length).toBeGreaterThan(0);
    for (const { module, base64 } of values) {
      expect(module).toMatch(/^[\w-]{9}$/);
      expect(Buffer.from(base64, 'base64').length).toBeGreaterThan(9);
    }
  });

  it('is the same whether its output is a file or a stream', () => {
    const dir = temporaryDir();
    for (const format of formats) {
      const file = join(dir, `out.${format}`);
      expect(aofkit(['export', rdb, '--format', format, '-o', file]).status).toBe(0);
      expect(readFileSync(file, 'latin1')).toBe(aofkit(['export', rdb, '--format', format]).stdout);
    }
    const compressed = join(dir, 'out.jsonl.gz');
    expect(aofkit(['export', rdb, '-o', compressed]).status).toBe(0);
    expect(shell(`gzip -dc ${quote(compressed)}`).stdout).toBe(readFileSync(join(dir, 'out.jsonl'), 'latin1'));
  });

  it('filters', () => {
    const count = (...flags: string[]) => aofkit(['export', rdb, ...flags]).stdout.split('\n').length - 1;
    const all = count();
    expect(
      count('--type', 'hash') +
        count(
          '--type',
          'string',
          '--type',
          'list',
          '--type',
          'set',
          '--type',
          'zset',
          '--type',
          'stream',
          '--type',
          'module',
        ),
    ).toBe(all);
    expect(count('--key', 'hash*')).toBeLessThan(all);
    expect(count('--no-ttl')).toBeLessThan(all);
    expect(count('--db', '3')).toBe(2);
  });

  it('takes a sink that throws as an error of the output, with no file', async () => {
    const error = new Error('no more');
    const output = {
      write: () => {
        throw error;
      },
    };
    await expect(exportKeys([rdb], { format: 'jsonl', output, at: 0 })).rejects.toBe(error);
  });
});
