/* Manifests that we write, read by real servers: what a line of the old one holds must mean the same, or nothing, in the new one. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatManifest, parseManifest } from '../../src/aof/manifest.ts';
import { convert, repair, rewrite, UsageError } from '../../src/index.ts';
import { splitWords } from '../../src/words.ts';
import { describeWithServers, temporaryDir, tryStart } from '../support/servers.ts';

const set = (key: string) => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\n1\r\n`;
const select = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n';

/** A data folder whose manifest holds this line, and beside it the parts that it could be made to name. */
function dataFolder(line: string): string {
  const directory = join(temporaryDir(), 'appendonlydir');
  mkdirSync(directory);
  for (const name of ['appendonly.aof.1.incr.aof', 'evil.aof'])
    writeFileSync(join(directory, name), select + set(name));
  writeFileSync(join(directory, 'appendonly.aof.manifest'), `${line}\n`);
  return directory;
}

const line = (rest: string) => `file appendonly.aof.1.incr.aof seq 1 type i${rest}`;
const manifestIn = (directory: string) => join(directory, 'appendonly.aof.manifest');
const manifestOf = (directory: string) => readFileSync(manifestIn(directory), 'latin1');

const hostile = [
  line(' startoffset "0\\nfile evil.aof seq 7 type i"'),
  line(' endoffset "5\\r\\nfile evil.aof seq 7 type i\\n"'),
  line(' startoffset 0 note "x\\nfile evil.aof seq 7 type i"'),
  line(' "note\\nfile evil.aof seq 7 type i\\n" x startoffset 1'),
  line(" startoffset '1 file evil.aof'"),
  line(' startoffset 99999999999999999999999 endoffset -7'),
  line(' startoffset none endoffset -1'),
  line(' STARTOFFSET 3 startoffset 4'),
  'file "appendonly.aof.1.incr.aof" seq " +0001x" type incr startoffset 2',
  'file appendonly.aof.1.incr.aof seq 9007199254740993 type i startoffset 2',
  'file appendonly.aof.1.incr.aof seq 9223372036854775806 type i',
];

describe('a manifest that is written anew', () => {
  it.each(hostile)('carries over only what a server knows: %s', async (text) => {
    const before = parseManifest(Buffer.from(`${text}\n`));
    const written = formatManifest(before.parts);
    expect(written.split('\n').length).toBe(2);
    expect(written).toMatch(
      /^file appendonly\.aof\.1\.incr\.aof seq \d+ type i( startoffset -?\d+)?( endoffset -?\d+)?\n$/,
    );
    const { parts, faults } = parseManifest(Buffer.from(written));
    expect(faults).toEqual([]);
    expect(parts).toEqual(before.parts);
  });

  it('gives every name back', () => {
    const name = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(name, (codes) => {
        const bytes = String.fromCharCode(...codes.filter((code) => code !== 0x2f && code !== 0x5c));
        if (bytes === '') return;
        const extra: (readonly [string, string])[] = [['startoffset', bytes]];
        // Names are text of the file system: the bytes are put behind an ASCII name, in a word.
        const [written] = formatManifest([{ name: 'n', sequence: 1, type: 'i', extra }]).split(/\n$/);
        expect(splitWords(written)?.[7]).toBe(bytes);
        expect(written).toMatch(/^[ -~]*$/);
      }),
    );
  });

  it('refuses a name with which no server could read the line', () => {
    const part = { sequence: 1, type: 'i', extra: [] } as const;
    expect(() => formatManifest([{ ...part, name: '\x01'.repeat(255) }])).toThrow(UsageError);
    expect(() => formatManifest([{ ...part, name: '\x01'.repeat(240) }])).not.toThrow();
  });
});

describeWithServers(
  'a manifest that we wrote is read as the old one',
  (server) => {
    /** The keys that a server has, started in the folder that holds this one, and the manifest as it was when it loaded. */
    const keysIn = async (directory: string) => {
      const copy = temporaryDir();
      cpSync(directory, join(copy, 'appendonlydir'), { recursive: true });
      const outcome = await tryStart(server, { dir: copy, config: { appendonly: 'yes' } });
      if (!outcome.started) return outcome.log;
      try {
        return ((await outcome.server.command('KEYS', '*')) as Buffer[]).map(String);
      } finally {
        await outcome.server.stop();
      }
    };

    it.each([0, 3, 5, 9].map((index) => hostile[index]))('%s', async (text) => {
      const directory = dataFolder(text);
      const expected = await keysIn(directory);
      expect(expected).toEqual(['appendonly.aof.1.incr.aof']);
      // A part that is gone makes repair write the manifest; rewrite and convert write their own.
      const torn = dataFolder(`${text}
file gone.aof seq 9223372036854775807 type i`);
      expect((await repair(manifestIn(torn), { inPlace: true, force: true })).outcome).toBe('repaired');
      expect(manifestOf(torn)).not.toContain('evil');
      expect(await keysIn(torn)).toEqual(expected);
      const converted = join(temporaryDir(), 'appendonlydir');
      const at = Date.now();
      expect(
        (await convert([manifestIn(directory)], { at, to: 'multipart', target: server, output: converted })).ok,
      ).toBe(true);
      expect(manifestOf(converted)).not.toContain('evil');
      if (/\d{16}/.test(text)) return;
      expect(
        await rewrite(manifestIn(directory), { at, inPlace: true, keepHistory: true, target: server }),
      ).toMatchObject({
        ok: true,
      });
      expect(manifestOf(directory)).not.toContain('evil');
      expect(readdirSync(directory)).toContain('evil.aof');
      expect(await keysIn(directory)).toEqual(expected);
    });
  },
  ['redis-7.0', 'redis-8.6', 'valkey-9.1'],
);
