import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWithServer } from '../support/servers.ts';
import { command, compare, type Scene } from './comparison.ts';

/* Every case: standard output, standard error, exit code and the files afterwards are those of redis-check-aof 8.6. */
const same = (scene: Scene): void => {
  const { theirs, ours } = compare(scene);
  expect(ours, JSON.stringify(scene.args)).toEqual(theirs);
};

const check = (content: string | Uint8Array, ...options: string[]): void =>
  same({ tool: 'aof', files: { 'a.aof': content }, args: [...options, '@a.aof'] });

const set = command('SET', 'foo', 'bar');
const transaction = command('MULTI') + command('INCR', 'a') + command('exec');
const sample = `${command('SELECT', '0')}#TS:1700000000\r\n${set}${transaction}${command('DEL', 'a')}`;
const rdb = readFileSync(new URL('../../fixtures/golden/redis-8.6-rdb-little/dump.rdb', import.meta.url));

describeWithServer('redis-8.6', 'drop-in redis-check-aof', () => {
  it('cut at every byte', () => {
    for (let length = 0; length <= sample.length; length++) check(sample.slice(0, length));
  });

  it('one byte changed', () => {
    for (let index = 0; index < 60; index++) {
      const bytes = Buffer.from(sample, 'latin1');
      bytes[(index * 37) % bytes.length] = (index * 101 + 13) & 255;
      check(bytes);
    }
  });

  it.each([
    ['LF only', '*1\n$4\nPING\n'],
    ['blanks and signs before numbers', '* +1\r\n$ 4\r\nPING\r\n'],
    ['no number', '*\r\n*0\r\n*-4\r\n$'],
    ['a prefix that is NUL', '*1\r\n\0'],
    ['a prefix beyond ASCII', '*1\r\n\xff1\r\n'],
    ['bytes beyond ASCII for CRLF', '*1\r\n$1\r\n\xff\xfe\r'],
    ['a negative length', '*1\r\n$-1\r\n'],
    ['a length that no file has', '*1\r\n$100000000000\r\nx'],
    ['a length at the end of the range', '*1\r\n$9223372036854775806\r\nx'],
    ['a length beyond 64 bits', '*1\r\n$99999999999999999999999\r\nx'],
    ['an argument longer than a window', `*1\r\n$5000000\r\n${'x'.repeat(5_000_000)}\r\n${set}*1`],
    ['NULs at the end', `${set}${'\0'.repeat(100)}`],
    ['a nested MULTI', transaction.replace(/\*1\r\n\$4\r\nexec\r\n/, '') + transaction],
    ['EXEC alone', set + command('EXEC')],
    ['MULTI that ends at a NUL', command('multi\0x') + set],
    ['an open MULTI and a torn command', set + command('MULTI') + set.slice(0, -3)],
    ['an open MULTI and an annotation', `${set + command('MULTI')}#TS:1`],
    ['an open MULTI and garbage', `${set + command('MULTI')}!!`],
    ['an annotation without an end', `${set}#abc`],
    ['an annotation longer than a line', `${set}#${'x'.repeat(2000)}\r\n${set}`],
    ['a torn magic', 'REDIS'],
    ['a magic and nothing else', 'REDIS0011'],
    ['a manifest that begins with a blank line', '\nfile a seq 1 type b\n'],
    ['a comment only', '#c\n'],
  ])('%s', (_title, content) => check(content));

  it('an RDB before the commands, whole, cut and changed', () => {
    const hybrid = Buffer.concat([rdb, Buffer.from(set)]);
    check(hybrid);
    check(hybrid.subarray(0, -3));
    check(hybrid.subarray(0, rdb.length + 2), '--fix');
    check(hybrid.subarray(0, rdb.length - 3));
    check(rdb);
    const flipped = Buffer.from(hybrid);
    flipped[rdb.length - 1] ^= 1;
    check(flipped);
    check(flipped, '--fix');
  });

  it('--fix: what is answered at the prompt', () => {
    const torn = sample.slice(0, -3);
    for (const stdin of ['y\n', 'Y', 'yes\nyes\n', 'n\n', '\n', '', 'no\ny\n']) {
      same({ tool: 'aof', files: { 'a.aof': torn }, args: ['--fix', '@a.aof'], stdin });
    }
    same({ tool: 'aof', files: { 'a.aof': sample }, args: ['--fix', '@a.aof'], stdin: 'y\n' });
    same({ tool: 'aof', files: { 'a.aof': `${set}!!!` }, args: ['--fix', '@a.aof'], stdin: 'y\n' });
    same({ tool: 'aof', files: { 'a.aof': set + command('MULTI') + set }, args: ['--fix', '@a.aof'], stdin: 'y\n' });
  });

  it('arguments', () => {
    const files = { 'a.aof': sample };
    const cases = [
      [],
      ['--fix'],
      ['--help'],
      ['@a.aof', '--fix'],
      ['--fix', '@a.aof', 'x'],
      ['-v', 'x'],
      ['--truncate-to-timestamp', '@a.aof'],
      ['--truncate-to-timestamp', '12x', '@a.aof'],
      ['--truncate-to-timestamp', '', '@a.aof'],
      ['--truncate-to-timestamp', '99999999999999999999', '@a.aof'],
      ['@missing.aof'],
      ['--fix', '@missing.aof'],
      [''],
      ['.'],
      ['--fix', '.'],
      [`/${'x'.repeat(300)}`],
      ['x'.repeat(4096)],
      ['x'.repeat(4097)],
      ['a.aof/'],
    ];
    for (const args of cases) same({ tool: 'aof', files, args });
  });
});

describeWithServer('redis-8.6', 'drop-in redis-check-aof: timestamps', () => {
  const stamp = (seconds: number | string): string => `#TS:${seconds}\r\n`;
  const stamped = stamp(100) + set + stamp(200) + transaction + stamp(300) + command('DEL', 'x') + stamp(400);

  it.each(['99', '100', '150', '200', '250', '300', '399', '400', '401', '0', '-5', ' 250', '9223372036854775807'])(
    'truncate to %s',
    (seconds) => check(stamped, '--truncate-to-timestamp', seconds),
  );

  it('annotations that are not a number, and a file that is damaged elsewhere', () => {
    for (const text of ['#TS:12x\r\n', '#TS:12\n', '#TS:\r\n', '#TS:99999999999999999999\r\n', '#ts:900\r\n']) {
      check(set + text + set, '--truncate-to-timestamp', '50');
    }
    check(`${stamp(10)}${set}!!${stamp(90)}`, '--truncate-to-timestamp', '50');
  });

  it('of several files only the last is cut', () => {
    const manifest = 'file b.aof seq 1 type b\nfile i1.aof seq 1 type i\nfile i2.aof seq 2 type i\n';
    for (const seconds of ['99', '150', '250', '350', '450']) {
      const files = {
        'a.manifest': manifest,
        'b.aof': stamp(100) + set,
        'i1.aof': stamp(200) + set + stamp(210) + set,
        'i2.aof': stamp(300) + set + stamp(400) + set,
      };
      same({ tool: 'aof', files, args: ['--truncate-to-timestamp', seconds, '@a.manifest'] });
    }
  });
});

describeWithServer('redis-8.6', 'drop-in redis-check-aof: manifests', () => {
  const parts = {
    'b.rdb': rdb,
    'b.aof': set,
    'i1.aof': sample,
    'i2.aof': set + transaction,
    'e.aof': '',
    'x y.aof': set,
  };
  const torn = { ...parts, 'i2.aof': sample.slice(0, -2), 'i1.aof': sample.slice(0, 60) };
  const manifest = (text: string, files: Scene['files'] = parts, ...options: string[]): void =>
    same({ tool: 'aof', files: { ...files, 'a.manifest': text }, args: [...options, '@a.manifest'], stdin: 'y\n' });
  const whole = 'file b.rdb seq 1 type b\nfile i1.aof seq 1 type i\nfile i2.aof seq 2 type i\n';

  it.each([
    ['an RDB base', whole],
    ['a RESP base', whole.replace('b.rdb', 'b.aof')],
    ['a base alone', 'file b.rdb seq 1 type b\n'],
    ['increments alone', 'file i1.aof seq 1 type i startoffset 0 endoffset 5\nfile i2.aof seq 2 type i\n'],
    ['an empty increment', 'file b.aof seq 1 type b\nfile e.aof seq 1 type i\n'],
    ['an empty base', 'file e.aof seq 1 type b\nfile i1.aof seq 1 type i\n'],
    ['history', `file gone.aof seq 1 type h\n${whole}`],
    ['comments, CRLF, quotes', '#x\nfile "x y.aof" seq 1 type b\r\n#y\nfile \'i1.aof\' seq 1 type i\n# end'],
    ['a missing base', 'file gone.rdb seq 1 type b\n'],
    ['a missing increment', 'file b.aof seq 1 type b\nfile gone.aof seq 1 type i\n'],
    ['another word than file', `${whole}!!!\n`],
    ['no newline at the end', whole.slice(0, -1)],
    ['a line too long', `file ${'x'.repeat(1100)} seq 1 type b\n`],
    ['an empty line', `${whole}\n`],
    ['two bases', 'file b.rdb seq 1 type b\nfile b.aof seq 2 type b\n'],
    ['sequences that do not rise', 'file i1.aof seq 2 type i\nfile i2.aof seq 2 type i\n'],
    ['an unknown type', 'file i1.aof seq 2 type q\n'],
    ['a path', 'file ../i1.aof seq 2 type i\n'],
    ['quotes not closed', 'file "i1.aof seq 2 type i\n'],
    ['a word too few', 'file i1.aof seq 2 type\n'],
  ])('%s', (_title, text) => manifest(text));

  it('torn parts, and --fix', () => {
    manifest(whole, { ...torn, 'i1.aof': sample });
    manifest(whole, { ...torn, 'i1.aof': sample }, '--fix');
    manifest(whole, torn);
    manifest(whole, torn, '--fix');
    manifest(whole, { ...parts, 'b.rdb': rdb.subarray(0, 300) }, '--fix');
  });
});
