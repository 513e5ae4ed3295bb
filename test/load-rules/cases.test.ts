/* RESTORE payloads and function libraries in logs, and a score that strtod takes, each against the servers. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { logOf, logWithLibrary, logWithPayload, payloadOf, rdbWith } from '../../fixtures/generate/flaws/inputs.ts';
import { join, string } from '../../fixtures/generate/rdb-bytes.ts';
import { flavorOfName } from '../../src/dataset/flavor-choice.ts';
import { check, convert, digest, repair, rewrite } from '../../src/index.ts';
import { findTarget } from '../../src/servers/targets.ts';
import { describeWithServers, temporaryDir, tryStart } from '../support/servers.ts';
import { place } from './oracle.ts';

const ziplist = Buffer.from([99, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 3, 0xf2, 0xff]);
const damagedList = { name: 'ziplist', magic: 'REDIS0009', type: 10, value: join(string(ziplist)) };
const compactSet = (score: string) =>
  join(
    string(
      join([7 + 3 + score.length + 2, 0, 0, 0, 2, 0], [0x81, 97, 2], [0x80 + score.length], score, [
        score.length + 1,
        0xff,
      ]),
    ),
  );

function written(bytes: Buffer, name: string): string {
  const file = path.join(temporaryDir(), name);
  fs.writeFileSync(file, bytes);
  return file;
}

it('check finds a damaged payload of RESTORE, with key, offset and releases', async () => {
  const file = written(logWithPayload(damagedList), 'a.aof');
  const { findings } = await check(file);
  expect(findings).toMatchObject([{ code: 'ziplist.header.bytes', severity: 'error', repairable: false }]);
  expect(findings[0].key).toMatchObject({ name: 'flawed', db: 0 });
  expect(findings[0].advice).toContain('redis-6.2 and later and every Valkey');
  expect(findings[0].offset).toBe(fs.readFileSync(file).indexOf(ziplist));
});

it('repair tells of a damaged payload of RESTORE, and leaves it', async () => {
  const file = written(logWithPayload(damagedList), 'a.aof');
  const { ok, outcome, plan } = await repair(file);
  expect([ok, outcome]).toEqual([false, 'sound']);
  const twice = { name: 'set', magic: 'REDIS0009', type: 2, value: join(2, string('a'), string('a')) };
  expect(await repair(written(logWithPayload(twice), 'a.aof'))).toMatchObject({
    outcome: 'sound',
    reason: expect.stringContaining('carries a damaged value'),
  });
  expect(plan.files[0].unresolved).toMatchObject([{ code: 'ziplist.header.bytes', count: 1 }]);
  expect(await repair(written(logWithPayload(damagedList), 'b.aof'), { output: `${file}.out` })).toMatchObject({
    ok: false,
  });
});

it('check finds what only some releases refuse in a payload of RESTORE', async () => {
  const nan = { name: 'nan', magic: 'REDIS0010', type: 17, value: compactSet('nan') };
  const { findings } = await check(written(logWithPayload(nan), 'a.aof'));
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['zset.score.compact', 'warning']]);
  expect(findings[0].advice).toContain('Refused while loading by');
});

it('check, digest, rewrite and convert tell that a payload of RESTORE needs a module', async () => {
  const dumped = {
    name: 'module',
    magic: 'REDIS0009',
    type: 7,
    value: join([0x81], Buffer.from('85e965a1bcb42c00', 'hex'), 0),
  };
  const file = written(logOf([['RESTORE', 'm', '0', payloadOf(dumped)]]), 'a.aof');
  const { findings } = await check(file);
  expect(findings.map(({ code }) => code)).toEqual(['rdb.module.needed']);
  const at = Date.now();
  const output = path.join(temporaryDir(), 'out');
  for (const { findings } of [
    await digest(file, { at }),
    await rewrite(file, { at, output }),
    await convert(file, { at, output, to: 'rdb', force: true }),
  ])
    expect(findings.map(({ code }) => code)).toEqual(['rdb.module.needed']);
});

describeWithServers('what a log carries', (name) => {
  const target = name === 'redis-6.0' ? 'redis-6.2' : name;

  it('a damaged payload: a server that ends of it, and no digest, rewrite or conversion', async () => {
    const bytes = logWithPayload(damagedList);
    const dir = temporaryDir();
    const config = Object.fromEntries(place(name, { name: '', kind: 'aof', bytes }, dir, 'no'));
    const { started } = await tryStart(name, { dir, config });
    const file = written(bytes, 'a.aof');
    const at = Date.now();
    if (name === 'redis-6.0') return;
    expect(started).toBe(false);
    const output = path.join(temporaryDir(), 'out.rdb');
    expect(await digest(file, { at })).toMatchObject({ ok: false, findings: [{ code: 'ziplist.header.bytes' }] });
    expect(await rewrite(file, { at, output, target, format: 'rdb' })).toMatchObject({ outcome: 'refused' });
    expect(await convert(file, { at, output, to: 'rdb', target })).toMatchObject({ outcome: 'refused' });
    expect(fs.existsSync(output)).toBe(false);
  });

  it('a library of Valkey: written only for a target that loads it', async () => {
    const code = "#!lua name=l\nserver.register_function('f', function() return 1 end)";
    const file = written(logWithLibrary({ name: '', opcode: 0xf5, code }), 'a.aof');
    for (const to of ['rdb', 'multipart'] as const) {
      if (!findTarget(target)?.hasManifest) continue;
      const output = path.join(temporaryDir(), 'out');
      const result = await convert(file, { at: Date.now(), output, to, target });
      expect(result.outcome).toBe(name.startsWith('valkey') ? 'written' : 'refused');
      if (name.startsWith('redis')) expect(result.reason).toContain('function library "l"');
    }
  });

  it('a score that strtod takes in full counts as the server counts it', async () => {
    const score = '1e1';
    const bytes = rdbWith({ name: '', magic: 'REDIS0010', type: 17, value: compactSet(score) }, false);
    if (name === 'redis-6.0') return;
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, 'dump.rdb'), bytes);
    const result = await tryStart(name, { dir, config: { appendonly: 'no', 'sanitize-dump-payload': 'no' } });
    const expected = result.started ? await result.server.command('DEBUG', 'DIGEST') : undefined;
    if (result.started) await result.server.kill();
    const file = path.join(dir, 'dump.rdb');
    expect((await digest(file, { at: Date.now(), flavor: flavorOfName(target) })).digest).toBe(expected);
  });

  it('an unsorted intset is loaded, or put right for a target that refuses it', async () => {
    const unsorted = Buffer.from([14, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 1, 0, 2, 0]);
    const file = written(rdbWith({ name: '', magic: 'REDIS0009', type: 11, value: unsorted }, true), 'dump.rdb');
    const at = Date.now();
    for (const by of ['rewrite', 'convert'] as const) {
      const dir = temporaryDir();
      const output = path.join(dir, 'dump.rdb');
      const result =
        by === 'rewrite'
          ? await rewrite(file, { at, output, target, format: 'rdb' })
          : await convert(file, { at, output, to: 'rdb', target, verify: true });
      expect([by, result.outcome, result.reason ?? '']).toEqual([by, 'written', '']);
      const loaded = await tryStart(name, { dir, config: { appendonly: 'no' } });
      expect([by, loaded.started]).toEqual([by, true]);
      if (!loaded.started) return;
      expect(await loaded.server.command('DEBUG', 'DIGEST')).toBe((await digest(output, { at })).digest);
      await loaded.server.kill();
    }
  });
});
