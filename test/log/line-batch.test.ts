import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogSettings } from '../../src/aof/log/options.ts';
import { collect, fileOf, resp, words } from './collect.ts';

type Options = Omit<LogSettings, 'onOutput'>;

/** The same output, byte for byte, and the same result, with and without kernels. */
async function expectSame(content: string, options: Options): Promise<void> {
  const path = fileOf(content);
  const kernels = await collect(path, options);
  const plain = await collect(path, { ...options, kernels: false });
  expect(kernels.text).toBe(plain.text);
  expect(kernels.result).toEqual(plain.result);
}

const binary = fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const text = fc.string({ unit: 'grapheme', maxLength: 80 }).map((value) => Buffer.from(value).toString('latin1'));
const marks = fc
  .array(
    fc.constantFrom('"', '\\', '\0', '\x7f', '\x80', '\xe2', '\xc3', '\xa9', '\xed\xa0\x80', '\xf4\x90', '\n', 'a'),
    {
      maxLength: 70,
    },
  )
  .map((list) => list.join(''));
const long = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.constantFrom('x', 'é', '"')).map(([count, unit]) => {
  return Buffer.from(unit.repeat(count)).toString('latin1');
});
const argument = fc.oneof(text, binary, marks, long, fc.constantFrom('', '0', 'SET'));
const name = fc.oneof(fc.constantFrom('SET', 'hset', 'JSON.SET', 'x y'), argument);
const command = fc.tuple(name, fc.array(argument, { maxLength: 20 })).map(([first, rest]) => resp(first, ...rest));
const select = fc
  .tuple(
    fc.constantFrom('SELECT', 'select', 'SeLeCt', 'SELECX'),
    fc.constantFrom('0', '7', '15', '00', '-1', '2147483647', '2147483648', '12345678', 'x', ''),
  )
  .map(([first, database]) => resp(first, database));
const other = fc.constantFrom(
  '#TS:1700000000\r\n',
  '#TS:5\r\n',
  '#TS:x\r\n',
  '# note\n',
  'rubbish',
  '*0\r\n',
  '*1\r\n$3\r\nSE',
  '*02\r\n$3\r\nGET\r\n$1\r\nx\r\n',
  '*2\r\n$03\r\nGET\r\n$1\r\nx\r\n',
  '*2\r\n$3\r\nGET\r\n$+1\r\nx\r\n',
  '*1\r\n$4\r\nPINGxx',
);
const written = fc
  .tuple(
    fc.constantFrom(
      'SET',
      'set',
      'DEL',
      'MSET',
      'RENAME',
      'EXPIRE',
      'PEXPIREAT',
      'GETEX',
      'COPY',
      'FLUSHDB',
      'SWAPDB',
      'MIGRATE',
    ),
    fc.array(fc.constantFrom('k', 'k1', 'k2', 'l1', '', '0', '3', 'EX', 'PXAT', 'DB', '7', 'k*'), { maxLength: 5 }),
  )
  .map(([first, rest]) => resp(first, ...rest));
const record = fc.oneof(
  { weight: 6, arbitrary: written },
  { weight: 6, arbitrary: command },
  { weight: 2, arbitrary: select },
  { weight: 1, arbitrary: other },
  { weight: 2, arbitrary: fc.constantFrom('#TS:5\r\n', '#TS:6\r\n', '#TS:1700000000\r\n') },
);
const options = fc.record(
  {
    format: fc.constantFrom('text' as const, 'json' as const),
    full: fc.boolean(),
    reverse: fc.boolean(),
    limit: fc.integer({ min: 0, max: 12 }),
    since: fc.constantFrom(0, 5_000, 1_700_000_000_000),
    until: fc.constantFrom(5_000, 1_700_000_000_000),
    fromOffset: fc.integer({ min: 0, max: 2000 }).map((offset) => ({ offset })),
    keys: fc.constantFrom(['k*'], ['k1'], ['k', 'l*'], ['[kl]1'], ['k\\*'], ['']),
    commands: fc.constantFrom(['set'], ['DEL', 'XGROUP'], ['nosuch']),
    databases: fc.constantFrom([0], [3, 7]),
    destructive: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe('lines are the same with and without kernels', () => {
  it('whatever is in the log', async () => {
    const property = fc.asyncProperty(fc.array(record, { maxLength: 30 }), options, (records, chosen) =>
      expectSame(records.join(''), chosen),
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it('across windows and output buffers, with values that fill them', async () => {
    const values = [0, 1, 63, 64, 65, 500, 200_000, 700_000, 10_000_000];
    const many = Array.from({ length: 40_000 }, (_, index) => words(`SET key:${index} ${'v'.repeat(index % 97)}`));
    values.forEach((length, index) => {
      many.splice(index * 4000 + 7, 0, resp('SET', 'big', '"é\x80'.repeat(length / 5).padEnd(length, 'x')));
    });
    many.splice(20_000, 0, ...Array.from({ length: 34_000 }, () => '#\n'));
    const content = many.join('');
    for (const chosen of [
      {},
      { full: true },
      { format: 'json', full: true },
      { format: 'json', full: true, reverse: true },
    ])
      await expectSame(content, chosen as Options);
  });

  it('counts arguments up to 99 and more', async () => {
    for (const count of [9, 10, 17, 18, 98, 99, 100, 300]) {
      const args = Array.from({ length: count }, (_, index) => `m${index}`);
      for (const chosen of [{}, { full: true }, { format: 'json' }, { format: 'json', full: true }])
        await expectSame(resp('SADD', 's', ...args).repeat(3), chosen as Options);
    }
  });

  it('numbers of every length', async () => {
    const content = `*1\r\n$4\r\nPING\r\n`.repeat(120_000);
    await expectSame(content, { format: 'json' });
    await expectSame(content, {});
  });
});
