import { commandRows, generations } from '../../catalog/commands.generated.ts';
import type { Flavor } from '../../engine/flavor.ts';
import type { Target } from '../../rdb/targets.ts';

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
  /** Values without elements are passed over (7.0); before they become keys. */
  readonly skipsEmpty: boolean;
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
    skipsEmpty: target.hasManifest,
    rdbMagics: isValkey9 ? ['REDIS0', 'VALKEY'] : ['REDIS'],
    arities: aritiesOf(target),
    looksUpSubcommands: target.hasManifest,
  };
}

/** Major and minor as one number: 804 for 8.4. */
function versionOf(target: Target): number {
  const [major, minor] = target.version.split('.').map(Number);
  return major * 100 + minor;
}

function flavorOfTarget(target: Target): Flavor {
  const version = versionOf(target);
  if (target.fork === 'valkey') return version >= 900 ? 'valkey-9' : 'valkey-8';
  if (version >= 800) return 'redis-8';
  if (version >= 704) return 'redis-7.4';
  if (version >= 702) return 'redis-7.2';
  return version >= 700 ? 'redis-7.0' : 'redis-6.2';
}

/** Commands of the newest listed generation that is no newer, and those of later ones that came by this version. */
function aritiesOf(target: Target): Map<string, number> {
  const version = versionOf(target);
  const numberOf = (name: string): number => {
    const [major, minor] = name.split('-')[1].split('.').map(Number);
    return major * 100 + minor;
  };
  const ofFork = generations.filter((name) => name.startsWith(target.fork));
  const floor = ofFork.filter((name) => numberOf(name) <= version).at(-1) ?? ofFork[0];
  const bit = 1 << generations.indexOf(floor);
  const later = ofFork
    .filter((name) => numberOf(name) > version)
    .reduce((mask, name) => mask | (1 << generations.indexOf(name)), 0);
  const arities = new Map<string, number>();
  for (const [name, , arity, , , , , since, mask, others = []] of commandRows) {
    const [major, minor] = since.split('.').map(Number);
    if ((mask & bit) === 0 && ((mask & later) === 0 || major * 100 + minor > version)) continue;
    arities.set(name, others.find(([, otherMask]) => (otherMask & bit) !== 0)?.[0] ?? arity);
  }
  return arities;
}
