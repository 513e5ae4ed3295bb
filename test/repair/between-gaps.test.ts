import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/operations/check/check.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/servers.ts';
import { hastyFs } from './property.ts';

const set = (key: string, value = 'value') => command('SET', key, value);

/** What a salvage leaves of a log. */
async function salvaged(text: string): Promise<string> {
  const file = path.join(temporaryDir(), 'a.aof');
  fs.writeFileSync(file, text, 'latin1');
  await repair(file, { inPlace: true, force: true, fileSystem: hastyFs });
  expect((await check(file)).ok).toBe(true);
  return fs.readFileSync(file, 'latin1');
}

/** Damaged ranges: NUL bytes, noise, a header that lost a byte, the end of a command, its beginning. */
const gaps: readonly [string, string][] = [
  ['NUL bytes', '\0'.repeat(100)],
  ['noise', '\xe3\x01*\x7f$\xff\r\n\x80'],
  ['a damaged header', set('lost').replace('*3', 'x3')],
  ['a damaged name', set('lost').replace('$3\r\nSET', '$4\r\nSET')],
  ['the end of a command', set('lost').slice(9)],
  ['the beginning of a command', set('lost').slice(0, 20)],
];

describe('repair: whole commands between two damaged ranges', () => {
  const pairs = gaps.flatMap(([one, first]) => gaps.map(([other, second]) => [one, other, first, second] as const));

  it.each(pairs)('%s, one command, %s', async (_, __, first, second) => {
    const [before, between, after] = [set('a'), set('kA', 'v'.repeat(500)), set('z')];
    expect(await salvaged(before + first + between + second + after)).toBe(before + between + after);
  });

  it.each(gaps)('many, each alone, with %s between', async (_, gap) => {
    const keys = Array.from({ length: 20 }, (_, index) => set(`key:${index}`));
    expect(await salvaged(keys.join(gap))).toBe(keys.join(''));
  });

  it.each(gaps)('in a transaction, with %s', async (_, gap) => {
    const [multi, exec] = [command('MULTI'), command('EXEC')];
    const whole = [set('a'), multi, set('b'), set('c'), exec, set('d')];
    const damaged = whole[0] + multi + gap + whole[2] + gap + whole[3] + exec + whole[5];
    expect(await salvaged(damaged)).toBe(whole.join(''));
  });

  it('behind a length that reaches beyond the end of the file', async () => {
    const wrong = set('lost').replace('$5\r\n', '$99999\r\n');
    expect(await salvaged(`${set('a')}${wrong}${set('b')}\0\0\0${set('c')}`)).toBe(set('a') + set('b') + set('c'));
  });

  it('not what a value holds whose own length is intact', async () => {
    const holds = set('k', `x${command('FLUSHALL')}tail`);
    for (const damaged of [holds.replace('*3', '\0\0'), holds.replace('SET', '\0\0\0\0')]) {
      expect(await salvaged(set('a') + damaged + set('z'))).toBe(set('a') + set('z'));
    }
  });
});
