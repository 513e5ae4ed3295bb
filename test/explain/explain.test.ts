/* What explain says of codes and of lines that real servers log. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { findingsPage } from '../../scripts/generate-findings.ts';
import { catalog, check, explain } from '../../src/index.ts';
import { aofkit, repository } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { describeWithServers, temporaryDir, tryStart } from '../support/servers.ts';

describe('explain', () => {
  it('knows every code, and one that says more by its prefix', () => {
    for (const code of Object.keys(catalog)) expect(explain(code).map((one) => one.code)).toEqual([code]);
    expect(explain('listpack.entry.backlen').map(({ code }) => code)).toEqual(['listpack']);
    for (const text of ['', 'nothing', '__proto__', 'constructor', 'toString']) expect(explain(text)).toEqual([]);
  });

  it('is a command, with a list and a suggestion', () => {
    const { status, stdout } = aofkit(['explain', 'aof.truncated']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^aof\.truncated {2}error: /);
    expect(stdout).toMatch(/aofkit repair PATH/);
    expect(aofkit(['explain', 'aof.truncatd'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/did you mean aof\.truncated/),
    });
    expect(aofkit(['explain']).stdout.split('\n').length - 1).toBe(Object.keys(catalog).length);
    expect(JSON.parse(aofkit(['explain', '--json', 'aof.truncated']).stdout)).toHaveLength(1);
  });

  it('docs/findings.md is what the table says', () => {
    expect(readFileSync(join(repository, 'docs', 'findings.md'), 'utf8')).toBe(findingsPage());
  });
});

const rdb = readFileSync(join(goldenDir('redis-6.0-rdb-little'), 'dump.rdb'));
const set = encodeCommand(['SET', 'a', 'b']);
/** Damages at which servers end, with what they log. */
const damages: Readonly<Record<string, { readonly name: string; readonly bytes: Buffer }>> = {
  'a log with garbage': { name: 'appendonly.aof', bytes: Buffer.concat([set, Buffer.from('garbage\r\n'), set]) },
  'an RDB that is cut': { name: 'dump.rdb', bytes: rdb.subarray(0, -20) },
  'a wrong checksum': {
    name: 'dump.rdb',
    bytes: Buffer.concat([rdb.subarray(0, -1), Buffer.of(rdb[rdb.length - 1] ^ 1)]),
  },
  'a wrong signature': { name: 'dump.rdb', bytes: Buffer.concat([Buffer.from('NOTREDIS!'), rdb.subarray(9)]) },
  'a newer version': { name: 'dump.rdb', bytes: Buffer.concat([Buffer.from('REDIS0099'), rdb.subarray(9)]) },
};

describeWithServers('the log of a server that does not start leads to the finding', (name) => {
  it.each(Object.keys(damages))('%s', async (what) => {
    const { name: file, bytes } = damages[what];
    const dir = temporaryDir();
    mkdirSync(dir, { recursive: true });
    const isAof = file.endsWith('.aof');
    writeFileSync(join(dir, file), bytes);
    // Before the server starts: from 7.0 on it moves the file.
    const codes = (await check(join(dir, file))).findings.map(({ code }) => code);
    const start = await tryStart(name, { dir, config: isAof ? { appendonly: 'yes' } : {} });
    if (start.started) throw new Error(`${name} has started`);
    const told = start.log
      .split('\n')
      .flatMap((line) => explain(line))
      .map(({ code }) => code);
    const known = codes.filter((code) => told.some((one) => code === one || code.startsWith(`${one}.`)));
    expect({ codes, told: [...new Set(told)], known: known.length > 0 }).toMatchObject({ known: true });
  });
});
