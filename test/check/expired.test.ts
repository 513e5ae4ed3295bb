/* Keys that are past their time are counted, in the kernel as in JavaScript. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FindingList } from '../../src/aof/report.ts';
import { checkFile } from '../../src/checks/check-file.ts';
import { crc64 } from '../../src/checksum/crc64.ts';
import { check } from '../../src/index.ts';
import { temporaryDir } from '../support/servers.ts';

const at = 1_700_000_000_000;

/** An RDB whose keys expire at these moments; undefined for never. */
function rdb(moments: readonly (number | undefined)[]): string {
  const parts: Buffer[] = [Buffer.from('REDIS0009'), Buffer.from([0xfe, 0])];
  for (const [index, moment] of moments.entries()) {
    if (moment !== undefined) {
      const expiry = Buffer.alloc(9, 0xfc);
      expiry.writeBigInt64LE(BigInt(moment), 1);
      parts.push(expiry);
    }
    const name = `k${index}`;
    parts.push(Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([1, 0x76]));
  }
  parts.push(Buffer.from([0xff]));
  const body = Buffer.concat(parts);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc64(body));
  const path = join(temporaryDir(), 'dump.rdb');
  writeFileSync(path, Buffer.concat([body, sum]));
  return path;
}

const moments = [undefined, at - 1, at, at + 1, 0, -1, undefined, at - 1000];

it.each([true, false])('counts keys before the moment of the check, fast: %s', async (fast) => {
  const options = { role: 'file', part: false, last: true, seed: 1, at, fast } as const;
  const { report } = await checkFile(rdb(moments), new FindingList(), options);
  expect([report.rdb?.keys, report.rdb?.expires, report.rdb?.expired]).toEqual([8, 6, 4]);
});

it('counts them in the summary, and none without a moment', async () => {
  const path = rdb(moments);
  const { summary } = await check(path, { at });
  expect([summary.keys, summary.expired]).toEqual([8, 4]);
  expect((await check(path)).summary.expired).toBe(0);
});
