import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/operations/check/check.ts';
import type { RepairOptions } from '../../src/operations/repair/options.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/servers.ts';

/*
 * What is large is written by another thread, and while the damaged file is still read: the result is the same, byte for byte.
 */
const record = command('SET', 'key', 'x'.repeat(4000));
const block = Buffer.from(record.repeat(1000), 'latin1');
const transaction = command('MULTI') + record;

/** Blocks with something between them. */
function damagedLog(between: readonly string[]): string {
  const file = path.join(temporaryDir(), 'a.aof');
  const parts = between.flatMap((text) => [block, block, Buffer.from(text, 'latin1')]);
  fs.writeFileSync(file, Buffer.concat([...parts, block, block]));
  return file;
}

const damages = [
  '\0\0\0\0',
  `${record.slice(0, 99)}!!!!`,
  '*3\r\n$3\r\nFOO\r\n',
  `${command('EXEC')}`,
  `${transaction}!!${transaction}!!`,
];

/** The results of a repair ahead of its plan, and of one without another thread. */
async function both(file: string, options: RepairOptions): Promise<[Buffer, Buffer]> {
  const [ahead, plain] = [`${file}.ahead`, `${file}.plain`];
  const result = await repair(file, { ...options, output: ahead, ahead: true });
  expect(result.outcome).toBe('repaired');
  await repair(file, { ...options, output: plain, fileSystem: { ...fs } });
  expect(result.written).toEqual([{ path: ahead, bytes: fs.statSync(ahead).size }]);
  expect((await check(ahead)).ok).toBe(true);
  return [fs.readFileSync(ahead), fs.readFileSync(plain)];
}

describe('repair: written ahead', () => {
  it.each([{ strategy: 'salvage' }, {}, { strategy: 'truncate' }] as const)(
    'the same bytes with %o',
    async (options) => {
      const [ahead, plain] = await both(damagedLog(damages), { ...options, dropUnknown: true });
      expect(ahead.equals(plain)).toBe(true);
    },
  );

  it('in place, with its backup; nothing else is left', async () => {
    const file = damagedLog(damages);
    const before = fs.readFileSync(file);
    const result = await repair(file, { inPlace: true, force: true, ahead: true, dropUnknown: true });
    expect(result.ok).toBe(true);
    expect((await check(file)).ok).toBe(true);
    expect(fs.readFileSync(result.backups[0]).equals(before)).toBe(true);
    expect(fs.readdirSync(path.dirname(file)).sort()).toEqual(['a.aof', 'a.aof.backup-1', 'a.aof.quarantine']);
  });

  it('a draft that nobody wants goes', async () => {
    const file = damagedLog(damages);
    const result = await repair(file, { inPlace: true, force: true, ahead: true, confirm: () => false });
    expect(result.outcome).toBe('declined');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['a.aof']);
  });
});
