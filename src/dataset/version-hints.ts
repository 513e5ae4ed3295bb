import type { Dataset } from '../engine/dataset.ts';
import type { Keyspace } from '../engine/keyspace.ts';
import type { Registry } from '../engine/registry.ts';
import { dataTypeOf } from '../rdb/value-types.ts';
import { type CommandRow, commandRows } from '../servers/commands.generated.ts';
import { type Flavor, flavorRules, flavors } from '../servers/flavor.ts';
import { hasGeneration, hasGenerationOf } from '../servers/generations.ts';
import { TypeId, valkeyHashType } from '../servers/value-type-id.ts';
import type { HashValue } from '../values/hash.ts';
import { Kind } from '../values/value.ts';
import type { ChosenRules } from './flavor-choice.ts';
import { entryType } from './key-statistics.ts';

/** A command of a log that servers of the rules at hand do not know: they would stop there. */
export interface ForeignCommand {
  readonly name: string;
  readonly count: number;
  /** The rules of the servers that know it. */
  readonly known: readonly Flavor[];
}

/** The newest release of each generation, as major and minor number. */
const newest: Readonly<Record<string, readonly [number, number]>> = {
  'redis-6.2': [6, 2],
  'redis-7.0': [7, 0],
  'redis-7.2': [7, 2],
  'redis-7.4': [7, 4],
  'redis-8': [8, Number.POSITIVE_INFINITY],
};

/** The releases of Valkey whose commands those of its rules are. */
const valkeyGeneration: Readonly<Record<string, string>> = {
  'valkey-8': 'valkey-8.1',
  'valkey-9': 'valkey-9.1',
  'valkey-9.2': 'valkey-9.2',
};

/** The rules of the generations that know a command. */
export function flavorsThatKnow([, , , , , , , since, known]: CommandRow): Flavor[] {
  const [major, minor] = since.split('.').map(Number);
  return flavors.filter((flavor) => {
    const limit = newest[flavor];
    if (limit === undefined) return hasGeneration(known, valkeyGeneration[flavor]);
    return hasGenerationOf(known, 'redis-') && (major < limit[0] || (major === limit[0] && minor <= limit[1]));
  });
}

/** What was run that is not of these rules' servers. `calls`: how often each command was, by its id. */
export function foreignCommands(registry: Registry, calls: Float64Array, flavor: Flavor): ForeignCommand[] {
  const foreign: ForeignCommand[] = [];
  for (const row of commandRows) {
    const command = registry.named(row[0]);
    if (command === undefined || calls[command.id] === 0) continue;
    const known = flavorsThatKnow(row);
    if (!known.includes(flavor)) foreign.push({ name: row[0], count: calls[command.id], known });
  }
  return foreign;
}

/**
 * Rules of servers that know all of these commands: of the fork at hand if it has such, the newest; or undefined. What 9.0 and 9.1 know
 * is not taken for a sign of Valkey 9.2.
 */
function flavorForAll(foreign: readonly ForeignCommand[], flavor: Flavor): Flavor | undefined {
  const all = flavors.filter((one) => foreign.every(({ known }) => known.includes(one)));
  const fitting = all.includes('valkey-9') ? all.filter((one) => one !== 'valkey-9.2') : all;
  const { fork } = flavorRules(flavor);
  return fitting.filter((one) => flavorRules(one).fork === fork).at(-1) ?? fitting.at(-1);
}

/**
 * The rules by which a log is to be replayed once more, because it holds commands that the servers of `rules` do not know; undefined where
 * these rules stay. What the RDB at the front tells, and a target before 7.0, decide in any case.
 */
export function otherRules(rules: ChosenRules, foreign: readonly ForeignCommand[]): ChosenRules | undefined {
  if (rules.because === 'rdb' || rules.because === 'commands' || rules.flavor === 'redis-6.2' || foreign.length === 0)
    return undefined;
  const flavor = flavorForAll(foreign, rules.flavor);
  return flavor && { flavor, because: 'commands' };
}

/**
 * Whether two flavors may count the digest of this dataset differently. `others`: canonical RDB types of keys that belong to it and are
 * not loaded.
 */
export function mayCountDifferently(
  dataset: Dataset,
  one: Flavor,
  other: Flavor,
  others: readonly number[] = [],
): boolean {
  const [a, b] = [flavorRules(one), flavorRules(other)];
  const isSortedSet = (keys: Keyspace, entry: number) => entryType(keys, entry) === 'zset';
  const scores = a.scoreText !== b.scoreText;
  if (scores && (others.some((type) => dataTypeOf(type) === 'zset') || someEntry(dataset, isSortedSet))) return true;
  const fields = a.digestFieldExpiry !== b.digestFieldExpiry || a.hidesPastFields !== b.hidesPastFields;
  return fields && (others.some((type) => fieldExpiryTypes.has(type)) || someEntry(dataset, hasFieldExpiry));
}

function someEntry(dataset: Dataset, test: (keys: Keyspace, entry: number) => boolean): boolean {
  return dataset.occupied().some((index) => {
    const keys = dataset.database(index);
    for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) if (test(keys, entry)) return true;
    return false;
  });
}

const fieldExpiryTypes = new Set<number>([
  TypeId.hashExpiryPreRelease,
  TypeId.hashListpackExpiryPreRelease,
  TypeId.hashExpiry,
  TypeId.hashListpackExpiry,
  valkeyHashType,
]);

function hasFieldExpiry(keys: Keyspace, entry: number): boolean {
  const kind = keys.kind(entry);
  if (kind === Kind.Serialized) return fieldExpiryTypes.has(keys.rdbType(entry));
  return kind === Kind.Hash && (keys.object(entry) as HashValue).hasExpiries;
}
