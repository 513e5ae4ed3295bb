import fs from 'node:fs';
import path from 'node:path';
import { filesUnder, goldenDir, goldenNames, readProvenance } from '../../fixtures/generate/golden.ts';
import { check } from '../../src/operations/check/check.ts';
import { digest } from '../../src/operations/digest/digest.ts';
import type { RepairOptions } from '../../src/operations/repair/options.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import type { Damage } from './damage.ts';
import { carryOn, touchedKeys } from './records.ts';

/** Flushing each of thousands of small files would be all that a test does. */
export const hastyFs = { ...fs, fsyncSync: () => {} };

export type KeyDigests = ReadonlyMap<string, string>;

/** The digest of each key, as `db key`. */
export async function keyDigests(file: string): Promise<KeyDigests> {
  const keys = new Map<string, string>();
  const onKey = (db: number, key: string, sum: string) => void keys.set(`${db} ${key}`, sum);
  const result = await digest(file, { at: 0, flavor: 'redis-8', onKey, opaque: 'drop' });
  if (!result.ok) throw new Error(`${file} has no digest: ${JSON.stringify(result.findings.slice(0, 3))}`);
  return keys;
}

/** Files of goldens that one damage can hit: name, path of the file, and what is to be repaired. */
export interface Subject {
  readonly golden: string;
  readonly file: string;
  readonly target: string;
}

/** Forms of release candidates, which no released server loads. */
const preRelease = /pre-release/;

export function subjects(pattern: RegExp): Subject[] {
  return goldenNames()
    .filter((name) => pattern.test(name) && !preRelease.test(name))
    .flatMap((golden) => {
      const target = readProvenance(golden).path;
      const files = filesUnder(goldenDir(golden)).filter((file) => !/provenance\.json$|\.manifest$/.test(file));
      return files.map((file) => ({ golden, file, target }));
    });
}

/** What went wrong with one damage; undefined where every promise was kept. */
export async function brokenPromise(
  { golden, file, target }: Subject,
  damage: Damage,
  original: KeyDigests,
  dir: string,
  options: RepairOptions = {},
): Promise<string | undefined> {
  const input = path.join(dir, 'input');
  fs.rmSync(input, { recursive: true, force: true });
  fs.cpSync(goldenDir(golden), input, { recursive: true });
  const bytes = fs.readFileSync(path.join(input, file));
  fs.writeFileSync(path.join(input, file), damage.bytes);
  const whole = path.join(input, target);
  const result = await repair(whole, {
    inPlace: true,
    backup: false,
    force: true,
    dropUnknown: true,
    fileSystem: hastyFs,
    ...options,
  });
  // Nothing is put in the place of something.
  if (result.outcome === 'failed' && result.reason?.includes('no key and no command could be kept')) {
    return fs.readFileSync(path.join(input, file)).equals(damage.bytes) ? undefined : 'refused, and yet changed';
  }
  if (result.outcome !== 'repaired' && result.outcome !== 'sound') return `${result.outcome}: ${result.reason}`;
  const checked = await check(whole);
  if (!checked.ok) return `check: ${JSON.stringify(checked.findings.slice(0, 2))}`;
  const again = await repair(whole, { dropUnknown: true });
  if (again.outcome !== 'sound') return `repairing again: ${JSON.stringify(again.plan.files)}`;
  const touched = touchedKeys(bytes, damage);
  if (touched === undefined) return undefined;
  for (const later of filesUnder(goldenDir(golden)).filter((name) => name.endsWith('.incr.aof') && name !== file)) {
    carryOn(fs.readFileSync(path.join(goldenDir(golden), later)), touched);
  }
  const left = await keyDigests(whole);
  for (const [key, sum] of original) {
    if (!touched.has(key) && left.get(key) !== sum)
      return `key ${JSON.stringify(key)} had ${sum}, has ${left.get(key)}`;
  }
  return undefined;
}
