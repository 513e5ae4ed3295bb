import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { filesUnder, goldenDir, readProvenance } from '../../fixtures/generate/golden.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { command } from '../compat/comparison.ts';
import { Random } from '../fuzz/mutation.ts';
import {
  describeWithServers,
  type Server,
  type ServerName,
  serverNames,
  temporaryDir,
  tryStart,
} from '../support/servers.ts';
import { damaged, damageKinds } from './damage.ts';
import { hastyFs, type KeyDigests, keyDigests, type Subject, subjects } from './property.ts';
import { carryOn, touchedKeys } from './records.ts';

/*
 * What was repaired, a real server loads, and it finds in every key that the damage did not touch what it found there before
 * (DEBUG DIGEST-VALUE). AOFKIT_REPAIR_SERVER_ROUNDS: how many files each.
 */
const rounds = Number(process.env.AOFKIT_REPAIR_SERVER_ROUNDS ?? 9);
const seed = Number(process.env.AOFKIT_FUZZ_SEED ?? 20261120);

/** What the server says of keys that are given as `db key`. */
async function serverDigests(server: Server, wanted: Iterable<string>): Promise<KeyDigests> {
  const byDatabase = new Map<string, string[]>();
  for (const id of wanted) {
    const [db, key] = [id.slice(0, id.indexOf(' ')), id.slice(id.indexOf(' ') + 1)];
    byDatabase.set(db, [...(byDatabase.get(db) ?? []), key]);
  }
  const digests = new Map<string, string>();
  for (const [db, keys] of byDatabase) {
    await server.command('SELECT', db);
    const sums = await server.digestValues(keys.map((key) => Buffer.from(key, 'latin1')));
    for (const [index, key] of keys.entries()) digests.set(`${db} ${key}`, sums[index]);
  }
  return digests;
}

/** Starts a server on the dataset in `dir`, asks it, and stops it; throws with its log where it does not start. */
async function ask(name: ServerName, dir: string, golden: string, keys: Iterable<string>): Promise<KeyDigests> {
  const { layout } = readProvenance(golden);
  const loaded = await tryStart(name, { dir, config: layout === 'rdb' ? {} : { appendonly: 'yes' } });
  if (!loaded.started) throw new Error(`${golden} does not load: ${loaded.log}`);
  const digests = await serverDigests(loaded.server, keys);
  await loaded.server.stop();
  return digests;
}

/** What a server finds in an undamaged golden. */
const originals = new Map<string, Promise<KeyDigests>>();
function original(name: ServerName, { golden, target }: Subject): Promise<KeyDigests> {
  const known = originals.get(golden);
  if (known !== undefined) return known;
  const asked = (async () => {
    const dir = temporaryDir();
    fs.cpSync(goldenDir(golden), dir, { recursive: true });
    return ask(name, dir, golden, (await keyDigests(path.join(goldenDir(golden), target))).keys());
  })();
  originals.set(golden, asked);
  return asked;
}

/** Keys that were touched in one file, and in the parts that come after it. */
function touchedBy({ golden, file }: Subject, damage: ReturnType<typeof damaged>): Set<string> | undefined {
  const touched = touchedKeys(fs.readFileSync(path.join(goldenDir(golden), file)), damage);
  if (touched === undefined) return undefined;
  for (const later of filesUnder(goldenDir(golden))) {
    if (later.endsWith('.incr.aof') && later !== file)
      carryOn(fs.readFileSync(path.join(goldenDir(golden), later)), touched);
  }
  return touched;
}

describeWithServers('repair: loaded by a server', (name) => {
  it(`${rounds} damaged goldens`, { timeout: 60_000 + rounds * 10_000 }, async () => {
    const own = subjects(new RegExp(`^${name.replace('.', '\\.')}-.*(little|aof-plain|aof-hybrid|rdb-base)`));
    const random = new Random(seed + name.length);
    for (let round = 0; round < rounds; round++) {
      const subject = own[random.below(own.length)];
      const { golden, file, target } = subject;
      const bytes = fs.readFileSync(path.join(goldenDir(golden), file));
      if (bytes.length === 0) continue;
      const dir = temporaryDir();
      fs.cpSync(goldenDir(golden), dir, { recursive: true });
      const damage = damaged(damageKinds[round % damageKinds.length], bytes, random);
      fs.writeFileSync(path.join(dir, file), damage.bytes);
      const whole = path.join(dir, target);
      const result = await repair(whole, { inPlace: true, force: true, dropUnknown: true, fileSystem: hastyFs });
      // Nothing is put in the place of something.
      if (result.reason?.includes('no key and no command could be kept')) continue;
      expect(result.outcome).toMatch(/^(repaired|sound)$/);
      const before = await original(name, subject);
      const after = await ask(name, dir, golden, before.keys());
      const touched = touchedBy(subject, damage);
      if (touched === undefined) continue;
      const lost = [...before].filter(([key, sum]) => !touched.has(key) && after.get(key) !== sum).map(([key]) => key);
      expect([golden, file, damage.kind, damage.ranges, lost]).toEqual([golden, file, damage.kind, damage.ranges, []]);
    }
  });
});

/** A multi-part AOF whose parts are all damaged. */
function damagedParts(dir: string): string {
  const folder = path.join(dir, 'appendonlydir');
  fs.mkdirSync(folder);
  const set = (key: string) => command('SET', key, 'value');
  const files = {
    'appendonly.aof.1.base.aof': `${set('a')}\0\0\0${set('b')}`,
    'appendonly.aof.1.incr.aof': set('c') + set('lost').slice(0, -2),
    'appendonly.aof.2.incr.aof': `${set('d')}!!`,
  };
  const lines = Object.keys(files).map((name) => {
    const [, , sequence, kind] = name.split('.');
    return `file ${name} seq ${sequence} type ${kind[0]}`;
  });
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text, 'latin1');
  fs.writeFileSync(path.join(folder, 'appendonly.aof.manifest'), lines.join('\n'));
  return folder;
}

// The oldest server has no multi-part AOF.
describeWithServers(
  'repair: parts under new names',
  (name) => {
    it('are loaded, appended to, and rewritten by a server', { timeout: 60_000 }, async () => {
      const dir = temporaryDir();
      const folder = damagedParts(dir);
      expect((await repair(folder, { inPlace: true, force: true })).ok).toBe(true);
      expect(fs.readdirSync(folder)).toContain('appendonly.aof.02.incr.aof');
      for (const [wanted, rewrite] of [
        ['a b c d', false],
        ['a b c d e', true],
        ['a b c d e f', false],
      ] as const) {
        const loaded = await tryStart(name, { dir, config: { appendonly: 'yes' } });
        if (!loaded.started) throw new Error(loaded.log);
        const { server } = loaded;
        const keys = (await server.command('KEYS', '*')) as unknown[];
        expect(keys.map(String).sort().join(' ')).toBe(wanted);
        await server.command('SET', rewrite ? 'f' : 'e', '1');
        if (rewrite) await rewritten(server);
        await server.stop();
      }
      expect(fs.readdirSync(folder)).toContain('appendonly.aof.3.incr.aof');
    });
  },
  serverNames.filter((name) => name !== 'redis-6.0'),
);

async function rewritten(server: Server): Promise<void> {
  await server.command('BGREWRITEAOF');
  for (;;) {
    const info = String(await server.command('INFO', 'persistence'));
    if (/aof_rewrite_in_progress:0/.test(info) && /aof_rewrite_scheduled:0/.test(info)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
