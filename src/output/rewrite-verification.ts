import type { CommandGate } from '../dataset/command-gate.ts';
import { flavorOfReport, flavorOfTarget } from '../dataset/flavor-choice.ts';
import { type DatabaseStatistics, takeStatistics } from '../dataset/key-statistics.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../dataset/load.ts';
import { digestOf } from '../dataset/loaded-digest.ts';
import type { Dataset } from '../engine/dataset.ts';
import type { Keyspace } from '../engine/keyspace.ts';
import type { Flavor } from '../servers/flavor.ts';
import type { Loss } from '../servers/losses.ts';
import type { Target } from '../servers/targets.ts';
import type { HashValue } from '../values/hash.ts';
import { SortedSetValue } from '../values/sorted-set.ts';
import { Kind, type ObjectValue, objectKindMin } from '../values/value.ts';

/** What was written does not hold what was read: a bug of ours. Nothing was replaced. */
class VerificationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VerificationError';
  }
}

/** What the output is compared with. */
export interface Expected {
  /** Of what was read; undefined where it is to be computed. */
  readonly digest: string | undefined;
  /** What the target cannot hold: it is left out of the comparison, and the rest of those keys is compared. */
  readonly changed: readonly Loss[];
  /** The rules by which the output is read. */
  readonly flavor: Flavor;
  /** The rules of the generation that it was written for: those of its payloads. */
  readonly payloads: Flavor;
  /** Function libraries were lost, knowingly. */
  readonly losesFunctions: boolean;
  /** Where the commands of the output end that are compared: what follows is of unknown effect. */
  readonly gate?: CommandGate;
}

/** What a second reading of the output found. */
export interface Verified {
  /** Of the file that was written, whatever was lost. */
  readonly digest: string;
  readonly databases: readonly DatabaseStatistics[];
  /** Keys that were compared in part or not at all, because the target cannot hold all of them. */
  readonly keysNotCompared: number;
}

/** The rules by which an output is read again: a sorted set of a server before 7.0 keeps what later ones do not. */
export function rulesOfOutput({ session }: Loaded, target: Target | undefined): Pick<Expected, 'flavor' | 'payloads'> {
  const flavor = target?.usesListpacks === false ? 'redis-6.2' : session.flavor;
  return { flavor, payloads: target === undefined ? flavor : flavorOfTarget(target) };
}

/** Reads the output again and compares it with what was read. Throws VerificationError. */
export async function verifyOutput(
  path: string,
  loaded: Loaded,
  { digest, changed, flavor, payloads, losesFunctions, gate }: Expected,
  options: Pick<LoadOptions, 'at' | 'onProgress' | 'pause'>,
): Promise<Verified> {
  const { at, onProgress, pause } = options;
  const again = await loadDataset(path, {
    flavor,
    payloads,
    at,
    onProgress,
    pause,
    gate,
    expired: 'keep',
    opaque: 'keep',
  });
  try {
    refuseUnsound(again);
    const counted = flavorOfReport(flavor);
    const written = digestOf(again, counted, at);
    const databases = takeStatistics(again.dataset);
    if (changed.length > 0) for (const side of [loaded, again]) leaveOut(side, changed);
    const found = changed.length === 0 ? written : digestOf(again, counted, at);
    const expected = (changed.length === 0 ? digest : undefined) ?? digestOf(loaded, counted, at);
    if (found !== expected) throw new VerificationError(`the output has the digest ${found}, the input ${expected}`);
    if (!losesFunctions && !sameLibraries(loaded.dataset, again.dataset))
      throw new VerificationError('the output does not hold the function libraries of the input');
    const keysNotCompared = new Set(changed.map(({ db, key }) => `${db} ${key}`)).size;
    return { digest: written, databases, keysNotCompared };
  } finally {
    again.close();
  }
}

function refuseUnsound({ findings, path }: Loaded): void {
  if (findings.errors === 0) return;
  const [first] = findings.findings.filter(({ severity }) => severity === 'error');
  throw new VerificationError(`${path} is not sound: ${first.code} at offset ${first.offset} of ${first.file}`);
}

/** Takes out of a dataset what the target of a conversion cannot hold. */
function leaveOut(loaded: Loaded, losses: readonly Loss[]): void {
  for (const { db, key, kind, outcome } of losses) {
    const keys = loaded.dataset.database(db);
    const bytes = Buffer.from(key, 'latin1');
    const entry = keys.find(bytes, 0, bytes.length);
    if (entry < 0) continue;
    if (outcome === 'key-dropped' || kind === 'vector-set') keys.remove(entry);
    else if (kind === 'field-expiry' || kind === 'negative-zero') alter(loaded, keys, entry, kind);
  }
}

function alter(loaded: Loaded, keys: Keyspace, entry: number, kind: 'field-expiry' | 'negative-zero'): void {
  const value = objectOf(loaded, keys, entry);
  if (kind === 'field-expiry' && value?.kind === Kind.Hash) {
    // The value may be shared with another key.
    const hash = (value as HashValue).copy();
    for (const [field] of [...hash.entries()]) hash.persist(field);
    keys.setObject(entry, hash);
  } else if (kind === 'negative-zero' && value?.kind === Kind.SortedSet) {
    const plain = new SortedSetValue();
    plain.compact = false;
    for (const [member, score] of (value as SortedSetValue).entries()) plain.set(member, score + 0);
    keys.setObject(entry, plain);
  }
}

/** The value of an entry, decoded, if it is no string. */
function objectOf({ sources, codec }: Loaded, keys: Keyspace, entry: number): ObjectValue | undefined {
  const kind = keys.kind(entry);
  if (kind >= objectKindMin) return keys.object(entry);
  if (kind !== Kind.Serialized) return undefined;
  const bytes = sources.read(keys.source(entry), keys.offset(entry), keys.length(entry));
  const value = codec.decode(keys.rdbType(entry), bytes, 0, bytes.length);
  return typeof value === 'number' || value instanceof Uint8Array ? undefined : value;
}

/** Whether two datasets have the same function libraries. */
function sameLibraries(left: Dataset, right: Dataset): boolean {
  if (left.libraries.size !== right.libraries.size) return false;
  return [...left.libraries].every(([name, code]) => right.libraries.get(name) === code);
}
