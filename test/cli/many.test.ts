/*
 * Counts that come from a file and exceed what an argument list holds (about 120,000). AOFKIT_LONG_TESTS=1 takes the counts of the
 * reports these tests go back to.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { addLosses, noLosses } from '../../src/output/loss-list.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';
import { aofkit } from './run.ts';

const isLong = process.env.AOFKIT_LONG_TESTS === '1';
const many = 150_000;
const numbers = Array.from({ length: many }, (_, index) => index + 1);

function log(name: string, commands: Iterable<readonly string[]>): string {
  const path = join(temporaryDir(), name);
  writeFileSync(path, Buffer.concat(Array.from(commands, (command) => encodeCommand(command))));
  return path;
}

function* lossy(count: number): Generator<string[]> {
  for (let index = 0; index < count; index++) {
    yield ['HSET', `key:${index}`, 'f', 'v'];
    yield ['HPEXPIREAT', `key:${index}`, '4102444800000', 'FIELDS', '1', 'f'];
  }
}

function* vectors(count: number): Generator<string[]> {
  for (let index = 0; index < count; index++) yield ['VADD', 'v', 'VALUES', '2', `${index}`, '1', `e${index}`];
}

describe('more than fits an argument list', () => {
  it('keys that a target cannot hold', () => {
    const count = isLong ? 600_000 : many;
    const path = log('lossy.aof', lossy(count));
    for (const command of ['rewrite', 'convert']) {
      const output = join(temporaryDir(), 'out.rdb');
      const form = command === 'rewrite' ? ['--format', 'rdb'] : ['--to', 'rdb'];
      const { status, stdout } = aofkit([
        command,
        path,
        '-o',
        output,
        ...form,
        '--target',
        'redis-7.0',
        '--allow-loss',
      ]);
      expect({ command, status }).toEqual({ command, status: 0 });
      expect(stdout).toContain(count.toLocaleString('en'));
    }
  }, 120_000);

  it('losses that the second thread reports', () => {
    const loss = { database: 0, key: 'k', kind: 'field-expiry', action: 'part-dropped', reason: '' } as const;
    const other = { losses: [loss], changed: Array.from({ length: 600_000 }, () => loss), count: 600_000, serious: 0 };
    const report = noLosses();
    addLosses(report, other as never);
    expect(report.changed.length).toBe(600_000);
  });

  it('elements of a vector set, which follow an RDB as commands', () => {
    const path = log('vectors.aof', vectors(isLong ? 200_000 : many));
    const output = join(temporaryDir(), 'out.aof');
    expect(aofkit(['rewrite', path, '-o', output, '--format', 'hybrid', '--no-digest'])).toMatchObject({ status: 0 });
    expect(readFileSync(output, 'latin1').match(/VADD/g)?.length).toBe(isLong ? 200_000 : many);
  }, 120_000);

  it('lines of a manifest', () => {
    const folder = temporaryDir();
    const golden = readFileSync(join(goldenDir('redis-8.6-rdb-little'), 'dump.rdb'));
    writeFileSync(join(folder, 'a.1.base.rdb'), golden);
    const lines = numbers.map((number) => `file a.${number}.incr.aof seq ${number} type i\n`);
    writeFileSync(join(folder, 'a.manifest'), `file a.1.base.rdb seq 1 type b\n${lines.join('')}`);
    const more = isLong ? [['digest'], ['verify'], ['log', '--stats']] : [];
    for (const args of [['check'], ['rewrite', '-o', join(folder, 'new')], ...more]) {
      const { status, stderr } = aofkit([...args, folder]);
      expect({ args, status, stderr: stderr.slice(0, 200) }).not.toMatchObject({ status: 70 });
    }
    const repaired = aofkit(['repair', folder, '-o', join(temporaryDir(), 'repaired'), '--yes']);
    expect(repaired.status).not.toBe(70);
  }, 120_000);

  it('save points of a configuration', () => {
    const folder = temporaryDir();
    const conf = join(folder, 'redis.conf');
    writeFileSync(conf, numbers.map((number) => `save ${number} 1\n`).join(''));
    const { status, stdout } = aofkit(['boot', '--conf', conf, '--server', 'redis-8.0', folder]);
    expect(status).not.toBe(70);
    expect(stdout).toContain(`may be ${many} s old`);
  }, 60_000);
});

describe('standard input', () => {
  const golden = join(goldenDir('redis-8.6-rdb-little'), 'dump.rdb');
  const input = readFileSync(golden);

  it('digest - is the digest of the file', () => {
    const [digest] = aofkit(['digest', golden]).stdout.split(' ');
    expect(aofkit(['digest', '-'], input)).toMatchObject({ status: 0, stdout: `${digest}  -\n` });
    const commands = Buffer.concat([encodeCommand(['SET', 'foo', 'bar'])]);
    expect(aofkit(['digest', '-'], commands).stdout).toBe('d2ab4820c1be0580ea28efbfe8bfa1dc05bb802a  -\n');
  });

  it.each(['aof', 'rdb', 'hybrid', 'multipart'])('rewrite - writes a dataset as %s with the same digest', (format) => {
    const output = join(temporaryDir(), 'out');
    const { status } = aofkit(['rewrite', '-', '-o', output, '--format', format, '--verify'], input);
    expect(status).toBe(0);
    expect(aofkit(['digest', output]).stdout.slice(0, 40)).toBe(aofkit(['digest', golden]).stdout.slice(0, 40));
  });
});
