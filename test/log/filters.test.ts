import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UnreadableError, UsageError } from '../../src/index.ts';
import { temporaryDir } from '../support/server-process.ts';
import { collect, fileOf, resp, words } from './collect.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures');
const time = 1_700_000_000;
const lines = [
  'SELECT 0',
  'SET user:1 a',
  'set user:2 b PXAT 1600000000000',
  'MULTI',
  'DEL user:1',
  'EXEC',
  'SELECT 3',
  'HSET h f v',
  'XGROUP CREATE stream group $ MKSTREAM',
  'COPY h user:3 DB 5',
  'SWAPDB 7 8',
  'RENAME h other',
  'PEXPIREAT other 0',
  'PEXPIREAT other 1600000000000',
  'PEXPIREAT other 1900000000000',
  'FLUSHALL ASYNC',
];
const annotated = lines
  .map((line, index) => `${index % 4 === 1 ? `#TS:${time + index}\r\n` : ''}${words(line)}`)
  .join('');

/** The numbers of the commands that are shown. */
async function ordinals(options: Parameters<typeof collect>[1], content = annotated): Promise<number[]> {
  const { text } = await collect(fileOf(content), { ...options, format: 'json' });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { ordinal: number }).ordinal);
}

describe('log', () => {
  it('shows the time of the last annotation before each command', async () => {
    const content = [
      '#TS:5\r\n',
      words('PING'),
      words('PING'),
      '#TS:6\r\n',
      words('PING'),
      '#TS:x\r\n',
      words('PING'),
    ].join('');
    for (const kernels of [true, false]) {
      const { lines } = await collect(fileOf(content, 'x.aof'), { kernels });
      expect(lines.map((line) => line.split(' ')[2].slice(17, 19))).toEqual(['05', '05', '06', '06']);
    }
  });

  it('shows file, offset, number, time, database and arguments', async () => {
    const content = `${words('SELECT 2')}#TS:${time}\r\n${resp('SET', 'a"\\\n\xff', '')}`;
    const { lines } = await collect(fileOf(content, 'x.aof'));
    expect(lines).toEqual([
      'x.aof:0 #1 - db2 SELECT "2"',
      'x.aof:39 #2 2023-11-14T22:13:20Z db2 SET "a\\"\\\\\\n\\xff" ""',
    ]);
  });

  it('shortens arguments and says by how much, and --full does not', async () => {
    const path = fileOf(resp('RPUSH', 'list', 'x'.repeat(65), ...Array.from({ length: 20 }, () => 'y')));
    const { text } = await collect(path);
    expect(text).toContain(`"${'x'.repeat(64)}"…(65 bytes) "y"`);
    expect(text).toContain(' …(6 more arguments)\n');
    const whole = (await collect(path, { full: true })).text;
    expect(whole).toContain(`"${'x'.repeat(65)}" "y"`);
    expect(whole).not.toContain('…');
  });

  it('writes any offset and number', async () => {
    const many = Array.from({ length: 1101 }, () => words('INCR a')).join('');
    const { lines } = await collect(fileOf(many));
    expect(lines.map((line) => /:(\d+) #(\d+) /.exec(line)?.slice(1).map(Number))).toEqual(
      lines.map((_, index) => [index * 21, index + 1]),
    );
  });

  it('counts commands through all parts, each of which begins in database 0', async () => {
    const { lines, result } = await collect(join(fixtures, 'golden/redis-8.6-multipart-many'));
    expect(lines[0]).toMatch(/^appendonly\.aof\.2\.base\.rdb:0 RDB, \d+ keys? \(redis, version \d+, \d+ bytes\)$/);
    const numbers = lines.slice(1).map((line) => Number(/#(\d+) /.exec(line)?.[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(result.files.map(({ role }) => role)).toEqual(['base', 'incr', 'incr', 'incr']);
    expect(result.commands).toBe(numbers.length);
  });

  it('passes over damage and goes on behind it', async () => {
    const content = `${words('SET a 1')}rubbish\0${words('SET b 2')}*3\r\n$3`;
    const { lines, result } = await collect(fileOf(content, 'd.aof'));
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^d\.aof:27 DAMAGED, 8 bytes passed over: aof\.header\.prefix, /);
    expect(lines[2]).toBe('d.aof:35 #2 - db0 SET "b" "2"');
    expect(lines[3]).toMatch(/^d\.aof:62 DAMAGED, 6 bytes passed over: aof\.truncated, /);
    expect(result).toMatchObject({ ok: false, damaged: 2, commands: 2 });
  });

  it('shows a part that is missing', async () => {
    const dir = temporaryDir();
    fs.writeFileSync(join(dir, 'a.manifest'), 'file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n');
    fs.writeFileSync(join(dir, 'a.2.incr.aof'), words('SET a 1'), 'latin1');
    const { lines, result } = await collect(dir);
    expect(lines[0]).toContain('a.1.incr.aof:0 DAMAGED, 0 bytes passed over: manifest.part.missing');
    expect(lines[1]).toContain('SET "a" "1"');
    expect(result.ok).toBe(false);
  });

  it('takes the AOF where an RDB lies beside it, and asks where several lie', async () => {
    const dir = temporaryDir();
    await expect(collect(dir)).rejects.toThrow(UnreadableError);
    fs.writeFileSync(join(dir, 'dump.rdb'), 'REDIS0011');
    fs.writeFileSync(join(dir, 'appendonly.aof'), words('SET a 1'), 'latin1');
    expect((await collect(dir)).lines).toHaveLength(1);
    fs.writeFileSync(join(dir, 'other.aof'), words('SET a 1'), 'latin1');
    await expect(collect(dir)).rejects.toThrow(UsageError);
    await expect(collect(join(dir, 'absent'))).rejects.toThrow(UnreadableError);
  });
});

describe('filters of log', () => {
  const cases: [string, Parameters<typeof collect>[1], number[]][] = [
    ['a key, and what touches every key', { keys: ['user:1'] }, [2, 5, 11, 16]],
    ['a prefix', { keys: ['user:*'] }, [2, 3, 5, 10, 11, 16]],
    ['a pattern', { keys: ['*[12]'] }, [2, 3, 5, 11, 16]],
    ['one of two keys', { keys: ['stream', 'h'] }, [8, 9, 10, 11, 12, 16]],
    ['a command in any case', { commands: ['Set'] }, [2, 3]],
    ['a container and its subcommand', { commands: ['xgroup'] }, [9]],
    ['a subcommand', { commands: ['XGROUP CREATE'] }, [9]],
    ['another subcommand', { commands: ['XGROUP|SETID'] }, []],
    ['a database', { databases: [0] }, [1, 2, 3, 4, 5, 6, 16]],
    ['what a command names as a database', { databases: [5, 8] }, [10, 11, 16]],
    ['a time', { since: (time + 5) * 1000, until: (time + 12) * 1000 }, [6, 7, 8, 9, 10, 11, 12, 13]],
    ['up to a time', { until: (time + 1) * 1000 }, [1, 2, 3, 4, 5]],
    ['what is destructive', { destructive: true }, [3, 5, 11, 12, 13, 14, 16]],
    ['several at once', { destructive: true, keys: ['other'], commands: ['PEXPIREAT'] }, [13, 14]],
    ['a limit', { limit: 3 }, [1, 2, 3]],
    ['an offset', { fromOffset: { offset: 23 }, limit: 2 }, [2, 3]],
    ['an offset of a part', { fromOffset: { file: 'other', offset: 23 }, limit: 1 }, [1]],
    ['the end', { reverse: true, limit: 2 }, [16, 15]],
  ];

  it.each(cases)('%s', async (_, options, expected) => {
    expect(await ordinals(options)).toEqual(expected);
  });

  it('knows nothing of the past without annotations', async () => {
    const plain = lines.map(words).join('');
    expect(await ordinals({ destructive: true }, plain)).toEqual([5, 11, 12, 13, 16]);
    expect(await ordinals({ since: 0 }, plain)).toEqual([]);
  });
});

describe('log from the end', () => {
  it('is the log turned round, whatever is in it', async () => {
    const many = Array.from({ length: 60_000 }, (_, index) => words(`SET key:${index} ${'v'.repeat(index % 97)}`));
    many.splice(30_000, 0, `#TS:${time}\r\n`, 'rubbish\0', words('SELECT 4'));
    const content = `${many.join('')}*3\r\n$3\r\nSET`;
    const path = fileOf(content);
    expect(content.length).toBeGreaterThan(3 * 1024 * 1024);
    for (const options of [{}, { format: 'json', full: true }, { keys: ['key:*9'] }] as const) {
      const forward = await collect(path, options);
      const backward = await collect(path, { ...options, reverse: true });
      expect(backward.lines.reverse().join('\n') === forward.lines.join('\n')).toBe(true);
      expect(backward.result.lines).toBe(forward.result.lines);
    }
  });

  it('turns parts round too', async () => {
    const golden = join(fixtures, 'golden/redis-8.6-multipart-many');
    const forward = await collect(golden);
    const backward = await collect(golden, { reverse: true });
    expect(backward.lines.reverse()).toEqual(forward.lines);
  });
});
