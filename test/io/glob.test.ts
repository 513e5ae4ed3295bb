/* Globs as the servers match them: random patterns and keys, asked of KEYS; and of file names, asked of what a server includes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandPattern } from '../../src/dataset/point/command-pattern.ts';
import { Glob, GlobItems } from '../../src/io/glob.ts';
import { includedPaths } from '../../src/operations/boot/include-paths.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { Random } from '../engine/special/replay.ts';
import { describeWithServers, startServer, temporaryDir } from '../support/servers.ts';

const seed = Number(process.env.AOFKIT_SEED ?? 1);
const isLong = process.env.AOFKIT_LONG_TESTS === '1';

const keyParts = [
  'a',
  'b',
  'c',
  'A',
  'B',
  '-',
  ']',
  '[',
  '^',
  '\\',
  '*',
  '?',
  'z',
  '\xff',
  '\x80',
  '\0',
  '\n',
  'user:',
];
const patternParts = [
  ...keyParts,
  '*',
  '*',
  '*',
  '?',
  '[',
  ']',
  '[a',
  '[^',
  'a-c]',
  '\\',
  '-',
  '[\\',
  '[z-a]',
  '[a-\xff]',
  '[^]',
];

function text(random: Random, parts: readonly string[], length: number): string {
  return Array.from({ length: random.below(length + 1) }, () => random.pick(parts)).join('');
}

const binary = (value: string) => Buffer.from(value, 'latin1');

describeWithServers('a glob and KEYS', (name) => {
  it('match the same keys', async () => {
    const random = new Random(seed);
    const server = await startServer(name);
    const keys = new Set(Array.from({ length: 2000 }, () => text(random, keyParts, 7)));
    await server.pipeline([...keys].map((key) => ['SET', binary(key), 'v']));
    const patterns = ['*', '**', '', '[', '[^', '\\', '[a-', '[a-]', '[]', '[^]', '[\\', 'a*b*c', '***?***'];
    for (let count = isLong ? 20_000 : 1500; count > 0; count--) patterns.push(text(random, patternParts, 8));
    const replies = await server.pipeline(patterns.map((pattern) => ['KEYS', binary(pattern)]));
    patterns.forEach((pattern, index) => {
      const glob = new Glob(pattern);
      const expected = (replies[index] as Buffer[]).map((key) => key.toString('latin1')).sort();
      const found = [...keys].filter((key) => glob.matchesText(key)).sort();
      expect({ pattern, found }).toEqual({ pattern, found: expected });
    });
    await server.kill();
  }, 120_000);
});

describeWithServers(
  'a glob in either case and CONFIG GET',
  (name) => {
    it('match the same names', async () => {
      const random = new Random(seed);
      const server = await startServer(name);
      const all = ((await server.command('CONFIG', 'GET', '*')) as Buffer[]).filter((_, index) => index % 2 === 0);
      const names = all.map(String);
      const parts = ['a', 'O', 'S', 'ave', 'MAX', '-', '*', '*', '?', '[A-F]', '[^M-P]', '[s-P]', '[^x', 'file'];
      for (let count = 300; count > 0; count--) {
        const pattern = `*${text(random, parts, 4)}*`;
        const reply = ((await server.command('CONFIG', 'GET', pattern)) as Buffer[]).filter(
          (_, index) => index % 2 === 0,
        );
        const glob = new Glob(pattern, { ignoreCase: true });
        const found = names.filter((one) => glob.matchesText(one)).sort();
        expect({ pattern, found }).toEqual({ pattern, found: reply.map(String).sort() });
      }
      await server.kill();
    }, 60_000);
  },
  ['redis-7.0', 'valkey-9.1'],
);

describeWithServers(
  'an include line and what a server reads',
  (name) => {
    it('name the same files in the same order', async () => {
      const folder = temporaryDir();
      const names = [
        'a.conf',
        'b.conf',
        'B.conf',
        '.hidden.conf',
        'c.CONF',
        '[x].conf',
        '1.conf',
        '-.conf',
        '].conf',
        'a',
        '!.conf',
      ];
      names.push('\\.conf', 'ä.conf', 'ab.conf');
      const folders = ['d1', 'd2', '.d3', 'd1/e'];
      for (const one of folders) mkdirSync(join(folder, one), { recursive: true });
      const paths = ['.', ...folders].flatMap((one) => names.map((file) => join(folder, one, file)));
      for (const [index, path] of paths.entries()) writeFileSync(path, `save ${index + 1} 1\n`);
      const patterns = [
        '*',
        '*.conf',
        '[ab].conf',
        '[!a]*.conf',
        '[^a]*.conf',
        '.*.conf',
        '[.]hidden.conf',
        '?.conf',
        '*/a.conf',
        'd?/*/a*',
      ];
      patterns.push(
        '[]].conf',
        '[!]]*',
        '[x*',
        '\\[x].conf',
        '[[:upper:]]*',
        '[[:digit:]-]*',
        '[a-b]*',
        '[b-a]*',
        '*/[ab',
        'd[12]/*.conf',
      );
      patterns.push(
        '[\\]a]*',
        '[a-',
        '[!!]*',
        '**b**',
        './*.conf',
        '*//a',
        'none*',
        '[[:nope:]]*',
        '[[:alpha:]1]*.conf',
        '*\\.conf',
        '\\\\*',
      );
      let total = 0;
      for (const pattern of patterns) {
        const config = { save: [''], include: [`"${join(folder, '/')}${pattern.replaceAll('\\', '\\\\')}"`] };
        const server = await startServer(name, { config });
        const saved = String(((await server.command('CONFIG', 'GET', 'save')) as Buffer[])[1]);
        await server.kill();
        const read =
          saved === ''
            ? []
            : saved
                .split(' ')
                .filter((_, index) => index % 2 === 0)
                .map((one) => paths[Number(one) - 1]);
        const found = includedPaths(`${folder}/${pattern}`).map((path) => join(path));
        expect({ pattern, found: found.filter((path) => !folders.some((one) => path === join(folder, one))) }).toEqual({
          pattern,
          found: read,
        });
        total += read.length;
      }
      expect(total).toBeGreaterThan(100);
    }, 120_000);
  },
  ['redis-8.6', 'valkey-9.1'],
);

describe('a glob on hostile keys', () => {
  it('takes steps in proportion to the key', () => {
    // A byte array that counts how often it is read.
    const reads = (pattern: string, length: number) => {
      let count = 0;
      const bytes = new Proxy(Buffer.alloc(length, 'a'), {
        get: (target, name) => {
          count++;
          return target[Number(name)];
        },
      });
      expect(new Glob(pattern).matches(bytes, 0, length)).toBe(false);
      return count;
    };
    for (const pattern of ['*a*a*a*a*b', '*a*a*a*a*[b]', 'a*a*a*b', '*?*?*?*?*?b']) {
      expect(reads(pattern, 20_000)).toBeLessThan(20_000 * 20);
    }
    expect(reads('*aaaab', 20_000)).toBeLessThan(20_000 * 7);
  });

  it('takes any bytes as a pattern of a command', () => {
    for (const pattern of ['SET [z-a', 'SET [', 'S[^ \\', '[b-a]* [d-', '\\', 'SET *a*a*a*b']) {
      new CommandPattern(pattern).matches(CommandView.of(['SET', 'a'.repeat(60_000)]));
    }
    expect(new GlobItems().matches(Buffer.alloc(0), 0, 0)).toBe(true);
  });
});
