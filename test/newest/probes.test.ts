/* The types and opcodes of Valkey 9.2 and Redis 8.12. What is expected follows the servers' sources: no such server is at hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probes } from '../../fixtures/generate/newest.ts';
import { check } from '../../src/operations/check/check.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import { temporaryDir } from '../support/server-process.ts';

const folder = temporaryDir();
const at = Date.UTC(2026, 10, 30);

function written(bytes: Buffer): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.rdb`);
  writeFileSync(path, bytes);
  return path;
}

describe.each(probes)('$name', ({ bytes, error, warning, values }) => {
  it('is judged as the sources say', async () => {
    const { findings } = await check(written(bytes));
    const codes = (severity: string) => findings.filter((one) => one.severity === severity).map(({ code }) => code);
    expect(codes('error')).toEqual(error === undefined ? [] : [error]);
    expect(codes('warning')).toEqual(warning === undefined ? [] : [warning]);
  });

  it.each([true, false])('has the digest of its values, with a checksum: %s', async (summed) => {
    const found: Record<string, string> = {};
    const onKey = (_: number, key: string, value: string) => {
      found[key] = value;
    };
    const path = written(summed ? bytes : Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8)]));
    const result = await digest(path, { at, onKey }).catch((problem: Error) => problem);
    if (values === undefined) expect(result instanceof Error || !result.ok).toBe(true);
    else expect(found).toEqual(values);
  });
});
