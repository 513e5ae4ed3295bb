/*
 * Names that would act on a terminal, or forge a line of a report, in every place that a file has for text, through every command: no raw
 * control or format character comes out but line feeds and the colours that are ours.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellWord } from '../../commands/shared/printing.ts';
import { printable } from '../../src/io/text.ts';
import { encodeCommand } from '../support/reply.ts';
import { aofkit, binary } from './run.ts';

/** Escape sequences in C0 and C1 form, bell, delete, a carriage return, line breaks of three kinds, marks of direction, a tag. */
const hostile = 'n\x1b[8m\x9b31m\x07\x7f\r\nok  forged\u2028\u202e\u2066\u061c\u200b\u{e0041}';
const hostileBytes = Buffer.from(hostile, 'utf8').toString('latin1');

let root: string;
let folder: string;
beforeAll(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'aofkit-names-'));
  folder = path.join(root, hostile);
  fs.mkdirSync(path.join(folder, 'appendonlydir'), { recursive: true });
  const text = (value: string) =>
    Buffer.concat([Buffer.of(0x40 | (value.length >> 8), value.length & 255), Buffer.from(value, 'latin1')]);
  const aux = (name: string, value: string) => Buffer.concat([Buffer.of(0xfa), text(name), text(value)]);
  const key = (name: string) => Buffer.concat([Buffer.of(0), text(name), text('value')]);
  const rdb = (...parts: Buffer[]) =>
    Buffer.concat([Buffer.from('REDIS0011'), ...parts, Buffer.of(0xff), Buffer.alloc(8)]);
  const library = `#!lua name=${hostileBytes}\nredis.register_function('f', function() end)`;
  const write = (name: string, ...parts: Buffer[]) => fs.writeFileSync(path.join(folder, name), Buffer.concat(parts));
  write(
    'dump.rdb',
    rdb(aux(hostileBytes, hostileBytes), Buffer.of(0xfe, 0), key(hostileBytes), key(`${hostileBytes}2`)),
  );
  write('other.rdb', rdb(Buffer.of(0xf5), text(library), Buffer.of(0xfe, 0), key(`${hostileBytes}3`)));
  write('double.rdb', rdb(Buffer.of(0xfe, 0), key(hostileBytes), key(hostileBytes)));
  write('newer.rdb', Buffer.from('REDIS0099'), rdb());
  const select = encodeCommand(['SELECT', '0']);
  const set = encodeCommand(['SET', hostileBytes, hostileBytes]);
  write(
    'plain.aof',
    select,
    set,
    encodeCommand([hostileBytes, 'x']),
    encodeCommand(['DEL', hostileBytes]),
    Buffer.from('*3\r\n$3\r\nSE'),
  );
  write('lines.aof', select, set, Buffer.from(`${hostileBytes}\r\n`, 'latin1'), set);
  const part = `appendonly.aof.1.incr.${hostile}.aof`;
  const quoted = JSON.stringify(Buffer.from(part).toString('latin1'))
    .replace(/[\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`)
    .replace(/\\u00(..)/g, '\\x$1');
  fs.writeFileSync(path.join(folder, 'appendonlydir', part), Buffer.concat([select, set]));
  const lines = [
    `file ${quoted} seq 1 type i`,
    `file "${hostileBytes.replace(/[\r\n]/g, '')}" seq 1 type z`,
    `bad ${hostileBytes}`,
  ];
  fs.writeFileSync(path.join(folder, 'appendonlydir', 'appendonly.aof.manifest'), `${lines.join('\n')}\n`, 'latin1');
  fs.writeFileSync(
    path.join(folder, 'redis.conf'),
    `appendonly yes\nsave ${hostileBytes}\ndbfilename "${hostileBytes.replace(/[\r\n]/g, '')}"\n`,
    'latin1',
  );
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** What must not be there: everything that a terminal acts upon. */
function rawControls(text: string): string[] {
  const ours = /\x1b\[(?:1|2|22|3[1236]|39)m/g;
  return (
    text
      .replace(ours, '')
      .replaceAll('\n', '')
      .match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu) ?? []
  );
}

function expectClean(words: readonly string[], env: Record<string, string> = {}): void {
  const { status, stdout, stderr } = aofkit(words, '', env);
  for (const text of [stdout, stderr]) {
    const shown = Buffer.from(text, 'latin1').toString('utf8');
    expect({ words, raw: rawControls(shown) }).toEqual({ words, raw: [] });
    expect(shown).not.toMatch(/^ok {2}forged/m);
  }
  expect([0, 1, 2, 3]).toContain(status);
}

const inFolder = (name: string) => path.join(folder, name);

describe('names that a terminal would act upon', () => {
  const forms: readonly string[][] = [[], ['--json']];
  it.each(forms.map((form) => [form[0] ?? 'for people', form] as const))(
    'every command, %s',
    (_, form) => {
      for (const name of ['dump.rdb', 'double.rdb', 'plain.aof', 'lines.aof', 'appendonlydir', 'missing.rdb'])
        expectClean(['check', inFolder(name), ...form], { FORCE_COLOR: '1' });
      expectClean(['check', folder, ...form]);
      expectClean(['verify', folder, ...form]);
      expectClean(['digest', inFolder('dump.rdb'), inFolder('plain.aof'), inFolder('double.rdb'), ...form]);
      expectClean(['diff', inFolder('dump.rdb'), inFolder('other.rdb'), ...form]);
      const rows = form.includes('--json') ? ['--format', 'jsonl'] : ['--format', 'table'];
      expectClean(['keys', inFolder('dump.rdb'), inFolder('plain.aof'), inFolder('double.rdb'), ...rows]);
      for (const column of ['file', 'key'])
        expectClean(['keys', inFolder('dump.rdb'), '--columns', column, '--format', 'tsv']);
      const name = hostile.replaceAll('\\', '\\x5c');
      expectClean(['get', inFolder('dump.rdb'), name, ...form]);
      expectClean(['get', inFolder('plain.aof'), name, '--history', '--ignore-unknown', ...form]);
      expectClean(['log', inFolder('plain.aof'), ...form]);
      expectClean(['log', inFolder('appendonlydir'), '--full', ...form]);
      expectClean(['log', inFolder('plain.aof'), '--stats', ...form]);
      expectClean(['repair', folder, ...form]);
      expectClean(['repair', inFolder('plain.aof'), '-o', path.join(root, `${hostile}.out`), '--yes', ...form]);
      expectClean(['repair', inFolder('appendonlydir'), '--dry-run', ...form]);
      expectClean(['boot', folder, '--conf', inFolder('redis.conf'), ...form]);
      expectClean(['boot', folder, '--set', 'dbfilename newer.rdb', ...form]);
      expectClean([
        'convert',
        inFolder('dump.rdb'),
        inFolder('double.rdb'),
        '--to',
        'rdb',
        '-o',
        inFolder('x.rdb'),
        ...form,
      ]);
      expectClean([
        'convert',
        inFolder('other.rdb'),
        '--to',
        'rdb',
        '--target',
        'redis-6.2',
        '-o',
        inFolder('y.rdb'),
        ...form,
      ]);
      expectClean(['rewrite', inFolder('plain.aof'), '-o', inFolder('z.aof'), ...form]);
      expectClean([
        'restore',
        inFolder('plain.aof'),
        '-o',
        inFolder('w.aof'),
        '--before-last',
        'DEL',
        '--unknown',
        'drop',
        ...form,
      ]);
    },
    300_000,
  );

  it('wrong calls', () => {
    for (const words of [
      [hostile],
      ['help', hostile],
      ['check', `--${hostile}`],
      ['boot', 'x', hostile],
      ['check', 'x', '--limit', hostile],
    ])
      expectClean(words, { FORCE_COLOR: '1' });
    expectClean(['convert', 'x', '--to', hostile, '-o', 'y']);
    expectClean(['restore', 'x', '--to-offset', hostile]);
    expectClean(['log', 'x', '--since', hostile]);
  }, 60_000);

  it('digest writes names as sha1sum does', () => {
    const name = path.join(root, 'back\\slash\nline');
    fs.copyFileSync(inFolder('dump.rdb'), name);
    const ours = aofkit(['digest', name]).stdout.replace(/[0-9a-f]{40}/, 'SUM');
    const theirs = execFileSync('sha1sum', [name], { encoding: 'latin1' }).replace(/[0-9a-f]{40}/, 'SUM');
    expect(ours).toBe(theirs);
  });

  it('a path that is to be typed reaches a shell as it is', () => {
    for (const name of [hostile, "it's", '-o', 'a b', '$(x)`y`', 'é ☃', '\\n', '!x', '~', '*', '']) {
      const word = shellWord(name);
      expect(printable(word)).toBe(word);
      const echoed = spawnSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' }).stdout;
      expect(echoed).toBe(name.startsWith('-') ? `./${name}` : name);
    }
  });

  it('check ends with the repair to type, which works', () => {
    const name = path.join(root, "torn 'log'.aof");
    fs.copyFileSync(inFolder('plain.aof'), name);
    fs.writeFileSync(
      name,
      Buffer.concat([encodeCommand(['SELECT', '0']), encodeCommand(['SET', 'a', '1']), Buffer.from('*3\r\n')]),
    );
    const [, command] = /to repair it: aofkit (repair .*)\n$/.exec(aofkit(['check', name]).stdout) ?? [];
    const typed = spawnSync('bash', ['-c', `"$0" "$1" ${command} --yes`, process.execPath, binary], {
      encoding: 'utf8',
    });
    expect(typed.status).toBe(0);
    expect(aofkit(['check', name]).stdout).toMatch(/^ok/);
    expect(aofkit(['check', name]).stdout).not.toMatch('to repair');
    // In a data folder each dataset has its own.
    const many = aofkit(['check', folder]).stdout.match(/to repair it: .*/g) ?? [];
    expect(many.length).toBeGreaterThan(1);
  }, 60_000);

  it('boot ends with the conversion to type, which makes the server start', () => {
    const data = path.join(root, 'data');
    fs.mkdirSync(data);
    fs.writeFileSync(
      path.join(data, 'dump.rdb'),
      Buffer.concat([Buffer.from('REDIS0012'), Buffer.of(0xff), Buffer.alloc(8)]),
    );
    const args = ['boot', data, '--server', 'redis-7.0', '--set', 'save ""'];
    const [, command, out] = /: aofkit (convert .* -o (\S+))\n$/.exec(aofkit(args).stdout) ?? [];
    const typed = spawnSync('bash', ['-c', `"$0" "$1" ${command}`, process.execPath, binary], { encoding: 'utf8' });
    expect(typed.status).toBe(0);
    fs.renameSync(out, path.join(data, 'dump.rdb'));
    expect(aofkit(args).status).toBe(0);
  }, 60_000);
});
