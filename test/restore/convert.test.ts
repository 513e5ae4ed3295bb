import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convert, digest, type PointInTime, UsageError } from '../../src/index.ts';
import { aof } from '../boot/folder.ts';
import { temporaryDir } from '../support/servers.ts';

const at = 1_700_000_000_000;

describe('convert to a point in time', () => {
  const dir = temporaryDir();
  const log = join(dir, 'x.aof');
  const head = aof('SELECT 0', 'SET user:1 a', 'SADD s 1 2');
  writeFileSync(log, `${head}${aof('FLUSHALL', 'SET z 9')}rubbish`, 'latin1');
  const short = join(dir, 'short.aof');
  writeFileSync(short, head, 'latin1');

  const to = (point: PointInTime, output = join(temporaryDir(), 'out'), more = {}) =>
    convert(log, { to: 'rdb', output, point, at, ...more });

  it('ends the log there, whatever is wrong behind it', async () => {
    const output = join(temporaryDir(), 'out.rdb');
    const result = await to({ before: 'FLUSHALL' }, output);
    expect(result).toMatchObject({ outcome: 'written', road: 'replayed', selection: { commands: 3 } });
    expect((await digest(output, { at, flavor: 'redis-8' })).digest).toBe(
      (await digest(short, { at, flavor: 'redis-8' })).digest,
    );
  });

  it('refuses a point that the log does not have, and writes nothing', async () => {
    for (const point of [{ before: 'FLUSHDB' }, { toTimestamp: 5 }, { toOffset: { file: 'no.aof', offset: 1 } }]) {
      const output = join(temporaryDir(), 'out.rdb');
      expect((await to(point, output)).outcome).toBe('refused');
      expect(existsSync(output)).toBe(false);
    }
  });

  it('takes one log, and cannot verify', async () => {
    const options = { to: 'rdb', output: join(dir, 'no'), point: { toCommand: { number: 1 } }, at } as const;
    await expect(convert([log, short], options)).rejects.toThrow(UsageError);
    await expect(to({ before: 'FLUSHALL' }, join(dir, 'no'), { verify: true })).rejects.toThrow(UsageError);
  });
});
