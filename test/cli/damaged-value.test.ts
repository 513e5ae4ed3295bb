import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../src/checksum/crc64.ts';
import { temporaryDir } from '../support/servers.ts';
import { aofkit } from './run.ts';

/** An RDB whose checksum is right and whose one value does not decompress: somebody made it so. */
function craftedRdb(): string {
  const body = Buffer.concat([
    Buffer.from('REDIS0011\xfe\x00\x00\x01k\xc3\x03\x1e', 'latin1'),
    Buffer.from([0x20, 0xff, 0x00]),
    Buffer.from([0xff]),
  ]);
  const crc = new Crc64();
  crc.update(body);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc.value());
  const file = path.join(temporaryDir(), 'crafted.rdb');
  fs.writeFileSync(file, Buffer.concat([body, sum]));
  return file;
}

describe('a value that is damaged under a right checksum', () => {
  it.each([
    ['check'],
    ['digest'],
    ['rewrite', '-o', path.join(temporaryDir(), 'out.aof'), '--format', 'aof'],
    ['rewrite', '-o', path.join(temporaryDir(), 'out.rdb')],
  ])('%s %s says so and exits with 1', (command, ...args) => {
    const { status, stderr } = aofkit([command, craftedRdb(), ...args]);
    expect([status, stderr.includes('bug')]).toEqual([1, false]);
    if (args.length > 0) expect(fs.existsSync(args[1])).toBe(false);
  });
});
