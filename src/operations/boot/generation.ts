import { alwaysLooksDeep } from '../../rdb/load-rules.ts';
import { commandRows } from '../../servers/commands.generated.ts';
import type { Flavor } from '../../servers/flavor.ts';
import { generations, hasGeneration } from '../../servers/generations.ts';
import type { Target } from '../../servers/targets.ts';

/** What differs between servers' starts, each as seen on real ones. */
export interface BootRules {
  readonly target: Target;
  readonly flavor: Flavor;
  /** The server's own name in its messages. */
  readonly server: 'Redis' | 'Valkey';
  /** AOFs are folders, and an old one is moved into its folder (7.0). */
  readonly multiPart: boolean;
  /** `#` lines are passed over (7.0). */
  readonly annotations: boolean;
  /** The number of arguments is checked before a command is run (Valkey); Redis reads beyond them. */
  readonly checksArity: boolean;
  /** What lies up to here is kept when a tail is cut: after an RDB Valkey 9 counts its bytes, the others begin with 0. */
  readonly keepsPreamble: boolean;
  /** A tail torn inside a transaction is cut before its MULTI (Valkey 9); the others cut inside and leave it open. */
  readonly revertsTorn: boolean;
  /** Messages of damage name the file with its folder (8.4). */
  readonly namesFolder: boolean;
  /** The line that ends a start whose RDB was refused. */
  readonly refusedRdb: string;
  /** Values of an RDB are looked through whatever is set (Valkey 9.1, which has no sanitize-dump-payload). */
  readonly looksIntoValues: boolean;
  /** What a node of a cluster does with keys in other databases than its own: 6.0 ends once all is loaded, 7.0 crashes. */
  readonly clusterKeys: 'refused' | 'refused-late' | 'crash';
  /** Databases of a node of a cluster can be configured (Valkey 9). */
  readonly clusterDatabases: boolean;
  /** What an RDB file may begin with. */
  readonly fileMagics: readonly string[];
  /** The bytes that an RDB is recognised by in an AOF. */
  readonly rdbMagics: readonly string[];
  /** Arity by name of every command, subcommands as 'XGROUP CREATE'. */
  readonly arities: ReadonlyMap<string, number>;
  /** Subcommands are looked up before a command is run (7.0). */
  readonly looksUpSubcommands: boolean;
}

/** The rules of a server generation. */
export function bootRules(target: Target): BootRules {
  const isValkey = target.fork === 'valkey';
  const isValkey9 = isValkey && target.rdbVersion >= 80;
  return {
    target,
    flavor: flavorOfTarget(target),
    server: isValkey ? 'Valkey' : 'Redis',
    multiPart: target.hasManifest,
    annotations: target.hasManifest,
    checksArity: isValkey,
    keepsPreamble: isValkey9,
    revertsTorn: isValkey9,
    namesFolder: !isValkey && versionOf(target) >= 804,
    refusedRdb:
      versionOf(target) < 702
        ? 'Fatal error loading the DB: '
        : 'Fatal error loading the DB, check server logs. Exiting.',
    looksIntoValues: alwaysLooksDeep(target),
    clusterKeys: isValkey || versionOf(target) >= 702 ? 'refused' : versionOf(target) >= 700 ? 'crash' : 'refused-late',
    clusterDatabases: isValkey9,
    fileMagics: isValkey && versionOf(target) >= 801 ? ['REDIS0', 'VALKEY'] : ['REDIS'],
    rdbMagics: isValkey9 ? ['REDIS0', 'VALKEY'] : ['REDIS'],
    arities: aritiesOf(target),
    looksUpSubcommands: target.hasManifest,
  };
}

const versionOf = (target: Target): number => versionNumber(target.version);

function flavorOfTarget(target: Target): Flavor {
  const version = versionOf(target);
  if (target.fork === 'valkey') return version >= 902 ? 'valkey-9.2' : version >= 900 ? 'valkey-9' : 'valkey-8';
  if (version >= 800) return 'redis-8';
  if (version >= 704) return 'redis-7.4';
  if (version >= 702) return 'redis-7.2';
  return version >= 700 ? 'redis-7.0' : 'redis-6.2';
}

/**
 * The commands of the generation that was listed, or of the nearest: a Valkey that was not is taken for the next of its major
 * version; a Redis for the one before, with what came up to its own version.
 */
function aritiesOf(target: Target): Map<string, number> {
  const version = versionOf(target);
  const ofFork = generations.filter((name) => name.startsWith(target.fork));
  const numbers = ofFork.map((name) => versionNumber(name.split('-')[1]));
  const isValkey = target.fork === 'valkey';
  const nearest = isValkey
    ? numbers.findIndex((number) => number >= version)
    : numbers.findLastIndex((number) => number <= version);
  const own = ofFork[nearest < 0 ? (isValkey ? ofFork.length - 1 : 0) : nearest];
  const later = isValkey ? [] : ofFork.filter((_, index) => numbers[index] > version);
  const arities = new Map<string, number>();
  for (const [name, , arity, , , , , since, known, others = []] of commandRows) {
    const isLater = later.some((one) => hasGeneration(known, one)) && versionNumber(since) <= version;
    if (!hasGeneration(known, own) && !isLater) continue;
    arities.set(name, others.find(([, those]) => hasGeneration(those, own))?.[0] ?? arity);
  }
  return arities;
}

/** Major and minor as one number: 804 for 8.4. */
function versionNumber(version: string): number {
  const [major, minor] = version.split('.').map(Number);
  return major * 100 + minor;
}
