import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDoubleText, parseInt64 } from '../../../src/encodings/number-text.ts';
import { describeWithServer, ReplyError, type Server, type ServerName, startServer } from '../../support/servers.ts';

const doubles = [
  '1',
  '+1',
  '-1',
  '.5',
  '5.',
  '-.5e1',
  '+.5',
  '.',
  '',
  '-',
  '1e5',
  '1E+5',
  '1e',
  '1e+',
  '1e400',
  '-1e400',
  '1e-400',
  '0e999',
  '5e-324',
  '2e-324',
  '1.7976931348623157e308',
  '1.7976931348623159e308',
  'inf',
  '+inf',
  '-inf',
  'INF',
  'Infinity',
  'infinit',
  'nan',
  '-nan',
  'NaN(1)',
  '0x10',
  '0X1P3',
  '-0x1.8p1',
  '0x.8',
  '0x',
  '0x1p',
  '0x1p2000',
  '0x1p-1074',
  '0x1p-1080',
  ' 1',
  '1 ',
  '1,5',
  '\t1',
  '1\0',
  '00012',
  '1__2',
  '0.1',
  '123456789012345678901234567890',
  '0x1.fffffffffffff8p0',
  '0x1.fffffffffffff7p0',
  '2.2250738585072012e-308',
  '4.9e-324',
  '1e23',
  '9007199254740993',
  '1d',
  '1f',
  '0b1',
  '1e5.5',
  '--1',
  '-+1',
  'infx',
];

const integers = [
  '0',
  '-0',
  '00',
  '1',
  '-1',
  '+1',
  '01',
  ' 1',
  '1 ',
  '',
  '-',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '1.0',
  '0x1',
  '1e3',
];

describe('integers', () => {
  it('are numbers up to 2^53 and exact beyond', () => {
    const parse = (text: string) => parseInt64(Buffer.from(text), 0, text.length);
    expect(parse('9007199254740991')).toBe(9007199254740991);
    expect(parse('-9223372036854775808')).toBe(-(2n ** 63n));
    expect(parse('9223372036854775808')).toBeUndefined();
  });
});

for (const name of ['redis-6.0', 'redis-7.0', 'redis-8.6', 'valkey-9.1'] satisfies ServerName[]) {
  describeWithServer(name, `numbers as ${name} reads them`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await startServer(name);
    });
    afterAll(async () => server?.stop());

    it('doubles', async () => {
      const differences: unknown[] = [];
      for (const text of doubles) {
        const [, added, score] = await server.pipeline([
          ['DEL', 'z'],
          ['ZADD', 'z', text, 'm'],
          ['ZSCORE', 'z', 'm'],
        ]);
        const theirs = added instanceof ReplyError ? Number.NaN : Number(String(score).replace('inf', 'Infinity'));
        // Valkey 9.1 alone refuses hexadecimal; the engine accepts it for every flavor.
        if (name === 'valkey-9.1' && /^[+-]?0x/i.test(text)) continue;
        const ours = parseDoubleText(text);
        if (!Object.is(ours + 0, theirs + 0)) differences.push([text, ours, theirs]);
      }
      expect(differences).toEqual([]);
    });

    it('integers', async () => {
      for (const text of integers) {
        const [, reply] = await server.pipeline([
          ['SET', 'k', '0'],
          ['INCRBY', 'k', text],
        ]);
        const bytes = Buffer.from(text);
        expect([text, parseInt64(bytes, 0, bytes.length) === undefined]).toEqual([text, reply instanceof ReplyError]);
      }
    });
  });
}
