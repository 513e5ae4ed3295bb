import type { CommandObserver, ObservedCommand } from '../../checks/check-aof.ts';
import { valkeyVersionMin } from '../../rdb/opcodes.ts';
import type { FormRule } from '../../resp/command-batch.ts';
import { SeenForms } from '../../resp/seen-forms.ts';
import type { CommandInfo } from '../../servers/command-catalog.ts';
import { commandRows } from '../../servers/commands.generated.ts';
import { hasGeneration, hasGenerationOf } from '../../servers/generations.ts';
import type { Target } from '../../servers/targets.ts';

/** The first release of each fork whose loader takes an argument; none where the fork does not have it. */
interface Since {
  readonly redis?: string;
  readonly valkey?: string;
}

/** Arguments that came later than their command: from which position on they stand, and who takes them. */
interface LaterArguments {
  /** Commands with no more arguments than this, the name included, have none of them. */
  readonly plainCount: number;
  readonly first: number;
  readonly since: { readonly [argument: string]: Since | undefined };
}

const ofValkey72 = (redis: string): Since => ({ redis, valkey: '7.2' });
const conditions = { NX: ofValkey72('7.0'), XX: ofValkey72('7.0'), GT: ofValkey72('7.0'), LT: ofValkey72('7.0') };
const references = { KEEPREF: { redis: '8.2' }, DELREF: { redis: '8.2' }, ACKED: { redis: '8.2' } };
const onlyValkey92: Since = { valkey: '9.2' };

const laterArguments: { readonly [command: string]: LaterArguments | undefined } = {
  SET: {
    plainCount: 3,
    first: 3,
    since: {
      KEEPTTL: ofValkey72('6.0'),
      PXAT: ofValkey72('6.2'),
      EXAT: ofValkey72('6.2'),
      GET: ofValkey72('6.2'),
      IFEQ: { redis: '8.4', valkey: '8.1' },
      IFNE: { redis: '8.4', valkey: '9.2' },
      IFDEQ: { redis: '8.4' },
      IFDNE: { redis: '8.4' },
    },
  },
  PEXPIREAT: { plainCount: 3, first: 3, since: conditions },
  EXPIREAT: { plainCount: 3, first: 3, since: conditions },
  XSETID: { plainCount: 3, first: 3, since: { ENTRIESADDED: ofValkey72('7.0') } },
  XGROUP: { plainCount: 5, first: 5, since: { ENTRIESREAD: ofValkey72('7.0') } },
  XADD: {
    plainCount: 4,
    first: 2,
    since: {
      NOMKSTREAM: ofValkey72('6.2'),
      MINID: ofValkey72('6.2'),
      IDMP: { redis: '8.6' },
      IDMPAUTO: { redis: '8.6' },
      ...references,
    },
  },
  XTRIM: { plainCount: 3, first: 2, since: { MINID: ofValkey72('6.2'), ...references } },
  MOVE: { plainCount: 3, first: 3, since: { REPLACE: onlyValkey92 } },
  EXEC: {
    plainCount: 1,
    first: 1,
    since: { IFEQ: onlyValkey92, IFNE: onlyValkey92, NX: onlyValkey92, XX: onlyValkey92 },
  },
};
/** What stands before the fields of XADD: its ID, with a `-` or a `*`. */
const isEntryId = (command: string, text: string): boolean => command === 'XADD' && /[-*]/.test(text);

/** From here on, up to Valkey's own first one, an RDB version is Redis's alone. */
const redisOnlyMin = 12;

/** Something that only some releases load. */
export interface Requirement {
  readonly label: string;
  readonly fits: (target: Target) => boolean;
}

export interface Needs {
  /** The oldest release that loads it all; '' if none does. */
  readonly target: string;
  /** What an older release does not take. */
  readonly because: readonly string[];
}

/**
 * Notes which commands of a log, and which of their arguments, only some releases load. Names of modules' commands and unknown ones say
 * nothing. Each command is looked at once; of those with later arguments each form: the kernel passes over those that were seen, at the speed
 * of memory.
 */
export class LogNeeds implements CommandObserver {
  /** Whether it holds RESTORE or function libraries, which a target may not take: of some RDB version, or some server's. */
  hasPayloads = false;
  private readonly names = new Set<string>();
  private readonly found = new Map<string, Since>();
  private readonly payloads = new Map<string, number>();
  readonly seen = new SeenForms();

  /** Whether a command with so many arguments says nothing that is not known yet. */
  passes({ name }: CommandInfo, count: number): boolean {
    if (!this.names.has(name)) return false;
    // Of a transaction's end JavaScript alone tells the forms apart.
    const later = name === 'EXEC' ? laterArguments[name] : undefined;
    return later === undefined || count <= later.plainCount;
  }

  formRule({ name }: CommandInfo): FormRule | undefined {
    const later = name === 'EXEC' ? undefined : laterArguments[name];
    return later && { plainCount: later.plainCount, first: later.first, endsAtId: name === 'XADD' };
  }

  /** Notes a command; whether `passes` has another answer for it from now on. */
  note({ name, container }: CommandInfo, command: ObservedCommand): boolean {
    const isNew = !this.names.has(name);
    this.names.add(name);
    if (name.startsWith('RESTORE') || name === 'FUNCTION') this.hasPayloads = true;
    if (container && command.count > 1) this.names.add(`${name} ${command.argument(1).toUpperCase()}`);
    const later = laterArguments[name];
    if (later === undefined || command.count <= later.plainCount) return isNew;
    for (let index = later.first; index < command.count; index++) {
      const text = command.argument(index).toUpperCase();
      if (isEntryId(name, text)) break;
      const since = later.since[text];
      if (since !== undefined) this.found.set(`${name} … ${text}`, since);
    }
    return isNew;
  }

  noteAnnotation(): void {
    this.found.set('annotations (#)', ofValkey72('7.0'));
  }

  notePayload(command: string, version: number): void {
    const name = command === 'FUNCTION' ? 'FUNCTION RESTORE' : command;
    this.payloads.set(`${name} of RDB version ${version}`, version);
  }

  /** Whether a release loads every command and argument. */
  fits(target: Target): boolean {
    return this.requirements().every(({ fits }) => fits(target));
  }

  requirements(): Requirement[] {
    const commands = [...this.names].filter((name) => rows.has(name));
    return [
      ...commands.map((name) => ({ label: name, fits: (target: Target) => targetHas(name, target) })),
      ...[...this.payloads].map(([label, version]) => ({
        label,
        fits: (target: Target) => takesPayload(target, version),
      })),
      ...[...this.found].map(([label, since]) => ({ label, fits: (target: Target) => takes(since, target) })),
    ];
  }
}

/** The first of these releases, oldest first, that fits all of it; undefined where the first of all does. */
export function neededRelease(requirements: readonly Requirement[], releases: readonly Target[]): Needs | undefined {
  const index = releases.findIndex((target) => requirements.every(({ fits }) => fits(target)));
  if (index === 0) return undefined;
  const before = releases.at(index < 0 ? -1 : index - 1);
  const because = requirements.filter(({ fits }) => before !== undefined && !fits(before)).map(({ label }) => label);
  return { target: releases[index]?.name ?? '', because };
}

/** As servers do by default: Valkey takes nothing that only Redis writes. */
function takesPayload({ fork, rdbVersion }: Target, version: number): boolean {
  return version <= rdbVersion && (fork === 'redis' || version < redisOnlyMin || version >= valkeyVersionMin);
}

function takes({ redis, valkey }: Since, target: Target): boolean {
  const since = target.fork === 'valkey' ? valkey : redis;
  return since !== undefined && !isNewer(since, levelOf(target));
}

const levelOf = ({ name }: Target): string => name.slice(name.indexOf('-') + 1);

const rows = new Map(commandRows.map((row) => [row[0], row]));

function targetHas(name: string, target: Target): boolean {
  const row = rows.get(name);
  if (row === undefined) return true;
  if (target.fork === 'valkey') return hasGeneration(row[8], nearestValkey(target));
  return hasGenerationOf(row[8], 'redis-') && !isNewer(row[7], levelOf(target));
}

function nearestValkey({ rdbVersion }: Target): string {
  if (rdbVersion >= 81) return 'valkey-9.2';
  return rdbVersion >= 80 ? 'valkey-9.1' : 'valkey-8.1';
}

/** Whether release `a` is newer than `b`, of both only major and minor. */
function isNewer(a: string, b: string): boolean {
  const [majorA, minorA] = a.split('.').map(Number);
  const [majorB, minorB] = b.split('.').map(Number);
  return majorA !== majorB ? majorA > majorB : minorA > minorB;
}
