import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/io/source.ts';
import { Window } from '../../src/io/window.ts';
import { batchWindowBytes, borrowCheckKernel, returnCheckKernel } from '../../src/kernels/check-kernel.ts';
import { CommandBatch } from '../../src/resp/command-batch.ts';
import { commands, fitsArity } from '../../src/servers/command-catalog.ts';
import { aofCorpus, describeWithCorpus } from '../support/corpus.ts';
import { damaged, random } from './damage.ts';
import { outcomeOf } from './outcome.ts';

const resp = (...args: (string | number)[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${String(arg).length}\r\n${arg}\r\n`).join('')}`;

/** Commands of every kind that the lane tells apart. */
const kinds = [
  () => resp('SET', 'k', 'v'),
  (n: number) => resp('set', `key:${n}`, 'v'.repeat(n % 300), 'PXAT', 1900000000000),
  () => resp('MULTI'),
  () => resp('EXEC'),
  () => resp('multi', 'odd'),
  (n: number) => resp('HSET', `h:${n}`, 'f', n, 'g', 'x'.repeat(n % 1200)),
  () => resp('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM'),
  () => resp('EVAL', 'return 1', 0),
  () => resp('GET'),
  () => resp('NOSUCH', 'a'),
  () => resp('SET ', 'k', 'v'),
  () => '*03\r\n$03\r\nSET\r\n$1\r\nk\r\n$001\r\nv\r\n',
  () => '*+1\r\n$4\r\nPING\r\n',
  (n: number) => `#TS:${1700000000 + n}\r\n`,
  (n: number) => resp('RPUSH', 'l', ...Array.from({ length: n % 90 }, (_, i) => i)),
  () => resp('GEORADIUSBYMEMBER', 'g', 'm', 1, 'km'),
  (n: number) => resp('SELECT', n % 12),
  (n: number) => resp('SELECT', n % 40),
  () => resp('SELECT', 'x'),
];

function generated(seed: number, count: number): Buffer {
  const next = random(seed);
  // Mostly ordinary commands, so that the lane gets somewhere.
  const pick = () => (next(4) > 0 ? kinds[next(2)] : kinds[next(kinds.length)]);
  return Buffer.from(Array.from({ length: count }, () => pick()(next(2000))).join(''), 'latin1');
}

async function expectSame(bytes: Buffer, next: (below: number) => number): Promise<void> {
  const slow = await outcomeOf(bytes, { fast: false, window: 4096 });
  const window = [64, 100 + next(900), 4096, batchWindowBytes][next(4)];
  const chunk = next(2) === 0 ? undefined : 1 + next(500);
  expect(await outcomeOf(bytes, { fast: true, window, chunk })).toBe(slow);
}

describe('the fast batch of an AOF', () => {
  it('passes what is ordinary and stops before everything else', () => {
    const ordinary = resp('SET', 'k', 'v') + resp('multi') + resp('SELECT', 9) + resp('EXEC') + resp('MULTI');
    for (const stop of [
      kinds[4],
      kinds[6],
      kinds[7],
      kinds[8],
      kinds[9],
      kinds[10],
      kinds[12],
      kinds[13],
      kinds[15],
      kinds[18],
    ]) {
      const checkKernel = borrowCheckKernel()!;
      const bytes = Buffer.from(ordinary + stop(5) + ordinary);
      const window = new Window(new MemorySource(bytes), 4096, checkKernel.window(4096));
      window.ensure(bytes.length);
      const batch = new CommandBatch(window, checkKernel);
      expect(batch.pass(false)).toBe(true);
      expect(window.position).toBe(ordinary.length);
      const { count, closed, open, openPosition, openIndex, validPosition } = batch;
      const last = ordinary.length - resp('MULTI').length;
      expect({ count, closed, open, openPosition, openIndex, validPosition }).toEqual({
        count: 5,
        closed: 1,
        open: true,
        openPosition: last,
        openIndex: 4,
        validPosition: last,
      });
      expect(batch.pass(true)).toBe(false);
      returnCheckKernel(checkKernel);
    }
  });

  it('knows the arity of every plain command as the catalog does', () => {
    const checkKernel = borrowCheckKernel()!;
    for (const info of commands) {
      for (const argc of [1, 2, 3, 4, 5, 6, 7, 8, 62, 63, 64, 70]) {
        const bytes = Buffer.from(resp(...[info.name.toLowerCase(), ...Array(argc - 1).fill('a')]));
        const window = new Window(new MemorySource(bytes), 4096, checkKernel.window(4096));
        window.ensure(bytes.length);
        const passed = new CommandBatch(window, checkKernel).pass(info.name === 'EXEC');
        if (passed) expect([info.name, argc, fitsArity(info, argc)]).toEqual([info.name, argc, true]);
        const ordinary =
          /^[A-Z]{1,16}$/.test(info.name) &&
          !/^(MULTI|SELECT|EVAL|EVALSHA|FCALL|DISCARD|RESET|VADD|RESTORE)$/.test(info.name) &&
          !info.container;
        if (ordinary) expect([info.name, argc, passed]).toEqual([info.name, argc, fitsArity(info, argc)]);
      }
    }
    returnCheckKernel(checkKernel);
  });

  it('changes nothing of what a check says, sound or damaged', async () => {
    const next = random(1);
    for (let round = 0; round < 1500; round++) {
      const bytes = generated(round, 1 + next(60));
      await expectSame(round % 3 === 0 ? bytes : damaged(bytes, next), next);
    }
  });

  it('survives commands larger than the window', async () => {
    const bytes = Buffer.from(
      resp('SET', 'a', 'x'.repeat(60_000)) + resp('SET', 'b', 'y'.repeat(2_000_000)) + resp('MULTI') + resp('EXEC'),
    );
    const slow = await outcomeOf(bytes, { fast: false, window: 4096 });
    for (const window of [64, 4096, batchWindowBytes])
      expect(await outcomeOf(bytes, { fast: true, window })).toBe(slow);
  });
});

describeWithCorpus('the fast batch on the AOFs of the test suite', (dir) => {
  it('changes nothing of what a check says', async () => {
    const next = random(2);
    for (const { path } of aofCorpus(dir)) {
      const bytes = readFileSync(path);
      if (bytes.length > 300_000) continue;
      await expectSame(bytes, next);
      for (let variant = 0; variant < 3; variant++) await expectSame(damaged(bytes, next), next);
    }
  });
});
