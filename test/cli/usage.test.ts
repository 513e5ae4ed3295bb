import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandNames } from '../../commands/shared/program.ts';
import { suggestion } from '../../commands/shared/suggestion.ts';
import { aofkit, repository } from './run.ts';

describe('the way in', () => {
  it('lists every command there is', () => {
    const files = fs.readdirSync(path.join(repository, 'commands')).filter((name) => name.endsWith('.ts'));
    expect([...commandNames].sort()).toEqual(files.map((name) => name.replace('.ts', '')).sort());
  });

  it('has help and version in each form', () => {
    const { status, stdout } = aofkit(['help']);
    expect(status).toBe(0);
    for (const name of commandNames) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    for (const words of [[], ['-h'], ['--help']]) expect(aofkit(words)).toEqual({ status: 0, stdout, stderr: '' });
    const ofCheck = aofkit(['help', 'check']);
    expect(ofCheck.stdout).toMatch(/USAGE\n {2}\$ aofkit check PATH/);
    for (const words of [
      ['check', '--help'],
      ['check', 'x', '-h'],
      ['--help', 'check'],
    ])
      expect(aofkit(words)).toEqual(ofCheck);
    const { version } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8'));
    for (const word of ['-v', '--version', 'version']) expect(aofkit([word]).stdout).toMatch(`aofkit/${version} `);
  }, 60_000);

  it('says what is wrong with a call and how to get help, and no more', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aofkit-usage-'));
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['chek'], /no such command: chek; did you mean "aofkit check"\?/],
      [['help', 'repiar'], /no such command: repiar; did you mean "aofkit repair"\?/],
      [[folder], /no such command: .*"aofkit check" checks a file or folder/],
      [['constructor'], /no such command: constructor/],
      [['--jsno', 'check'], /no such flag: --jsno/],
      [['check', '--jsno', 'x'], /no such flag: --jsno; did you mean --json\?/],
      [['check'], /missing argument: PATH/],
      [['check', 'x', '--limit', 'many'], /--limit: expected an integer but received: many/],
      [['boot', 'a', 'b'], /unexpected argument: b/],
      [['convert', 'x', '--to', 'zip', '-o', 'y'], /--to=zip .*aof, hybrid, multipart, rdb/],
      [['convert', 'x', '--to', 'rdb'], /say where the result goes: --output/],
      [['repair', 'x', '--in-place', '-o', 'y'], /--in-place.*--output/],
      [['restore', 'x', '--minus', '5m'], /--minus/],
    ];
    for (const [words, message] of cases) {
      const { status, stdout, stderr } = aofkit(words);
      expect({ words, status, stdout }).toEqual({ words, status: 2, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^aofkit: .*\n(Run "aofkit help.*\n)?$/);
    }
  }, 90_000);

  it.each([
    ['chekc', 'check'],
    ['repair', 'repair'],
    ['conv', 'convert'],
    ['rewirte', 'rewrite'],
    ['zzz', undefined],
    ['', undefined],
  ])('takes %s for %s', (word, expected) => {
    expect(suggestion(word, commandNames)).toBe(expected);
  });
});
