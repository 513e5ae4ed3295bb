import { Glob } from '../../io/glob.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { type CommandInfo, commands, findCommand } from '../../servers/command-catalog.ts';
import { isKeydbCommand } from '../../servers/keydb-commands.ts';
import { findKeys, KeyPositions, plainKeys } from './command-keys.ts';
import { harmlessCount, isDestructive } from './destructive.ts';
import type { LogFilter } from './options.ts';
import type { LogPlace } from './visitor.ts';

/** One pattern for keys: most are compared without making a string. */
interface KeyPattern {
  /** What a key must begin with, and whether that is all of it. */
  readonly prefix: Buffer;
  readonly whole: boolean;
  /** Undefined where the prefix says all. */
  readonly pattern: Glob | undefined;
}

/** Commands that touch every key of a database, or of all. */
const ofAllKeys = new Set(['FLUSHALL', 'FLUSHDB', 'SWAPDB']);

/** Commands that concern other databases than the one that is selected. */
const elsewhere = new Set(['SELECT', 'FLUSHALL', 'SWAPDB', 'MOVE', 'COPY']);

/** Decides which records are shown. */
export class LogMatcher {
  private readonly filter: LogFilter;
  private readonly keys: readonly KeyPattern[] | undefined;
  private readonly commands: ReadonlySet<string> | undefined;
  private readonly databases: readonly number[] | undefined;
  private readonly since: number;
  private readonly until: number;
  /** Whether a command must be looked at. */
  private readonly byCommand: boolean;
  private readonly byPlace: boolean;
  /** Whether databases are all that decides of commands. */
  private readonly onlyDatabases: boolean;
  private readonly found = new KeyPositions();

  constructor(filter: LogFilter) {
    this.filter = filter;
    this.keys = filter.keys?.length ? filter.keys.map(keyPattern) : undefined;
    this.commands = filter.commands?.length ? new Set(filter.commands.map(commandName)) : undefined;
    this.databases = filter.databases?.length ? filter.databases : undefined;
    // Annotations have whole seconds: one that holds for a part of the second is taken.
    this.since = filter.since === undefined ? Number.NEGATIVE_INFINITY : Math.floor(filter.since / 1000);
    this.until = filter.until === undefined ? Number.POSITIVE_INFINITY : filter.until / 1000;
    this.byCommand = !!(this.keys || this.commands || this.databases || filter.destructive);
    this.onlyDatabases = !!this.databases && !this.keys && !this.commands && !filter.destructive;
    this.byPlace = filter.since !== undefined || filter.until !== undefined || filter.fromOffset !== undefined;
  }

  /** Every command that `outlook` can be asked of. */
  readonly catalog = commands;

  /** Whether only commands can pass: other records have a place and no command. */
  get onlyCommands(): boolean {
    return this.byCommand;
  }

  /** Whether there is any filter. */
  get filters(): boolean {
    return this.byCommand || this.byPlace;
  }

  /** Whether the place of a record passes. */
  place(place: LogPlace): boolean {
    if (!this.byPlace) return true;
    const { fromOffset } = this.filter;
    if (fromOffset !== undefined && place.offset < fromOffset.offset && isPart(place, fromOffset.file)) return false;
    // What was written before the first annotation has no time: it is earlier than whatever is asked for by --since.
    if (Number.isNaN(place.time)) return this.since === Number.NEGATIVE_INFINITY;
    return place.time >= this.since && place.time <= this.until;
  }

  /**
   * What can be told of a command by its name: with how many arguments or less it never passes (infinitely many: never at all), and
   * whether it passes only with a first key that begins with `keyPrefix`.
   */
  outlook(info: CommandInfo): { readonly count: number; readonly byKey: boolean } {
    const { commands, keys, filter } = this;
    if (this.onlyDatabases) return { count: elsewhere.has(info.name) ? 0 : Number.POSITIVE_INFINITY, byKey: false };
    const never = { count: Number.POSITIVE_INFINITY, byKey: false };
    if (commands !== undefined && !commands.has(info.name)) return never;
    const count = filter.destructive ? harmlessCount(info) : 0;
    if (keys === undefined || ofAllKeys.has(info.name)) return { count, byKey: false };
    const rule = plainKeys(info);
    if (rule?.first === 0) return never;
    return { count, byKey: rule !== undefined && rule.first === 1 && rule.last === 1 };
  }

  /** What every wanted key begins with. */
  get keyPrefix(): Buffer {
    const { keys } = this;
    return keys?.length === 1 ? keys[0].prefix : Buffer.alloc(0);
  }

  /** Whether every command passes that begins in the selected database, up to the next SELECT, wherever it stands. */
  passesAll({ database }: LogPlace): boolean {
    return this.onlyDatabases && this.databases?.includes(database) === true;
  }

  /** The offset before which nothing of the part passes. */
  firstOffset(place: LogPlace): number {
    const { fromOffset } = this.filter;
    return fromOffset !== undefined && isPart(place, fromOffset.file) ? fromOffset.offset : 0;
  }

  command(frame: CommandView, place: LogPlace): boolean {
    if (this.byPlace && !this.place(place)) return false;
    if (!this.byCommand) return true;
    const container = findCommand(frame.bytes, frame.starts[0], frame.lengths[0]);
    const info = container?.container ? subcommand(container, frame) : container;
    if (this.commands !== undefined && !this.isNamed(container, info, frame)) return false;
    if (this.databases !== undefined && !this.inDatabase(info, frame, place)) return false;
    if (this.filter.destructive && (info === undefined || !isDestructive(info, frame, place.time))) return false;
    if (this.keys === undefined) return true;
    return info === undefined ? this.hasKeydbKey(frame) : this.hasKey(info, frame);
  }

  private isNamed(container: CommandInfo | undefined, info: CommandInfo | undefined, frame: CommandView): boolean {
    const { commands } = this;
    if (commands === undefined) return true;
    if (container === undefined) return frame.lengths[0] < 100 && commands.has(frame.text(0).toUpperCase());
    return commands.has(container.name) || (info !== undefined && commands.has(info.name));
  }

  private inDatabase(info: CommandInfo | undefined, frame: CommandView, place: LogPlace): boolean {
    const { databases } = this;
    if (databases === undefined || databases.includes(place.database)) return true;
    if (info === undefined) return false;
    if (info.name === 'FLUSHALL') return true;
    if (info.name === 'SWAPDB' && frame.argc === 3) {
      return databases.includes(Number(frame.text(1))) || databases.includes(Number(frame.text(2)));
    }
    if (info.name === 'MOVE' && frame.argc === 3) return databases.includes(Number(frame.text(2)));
    if (info.name !== 'COPY') return false;
    for (let index = 3; index < frame.argc - 1; index++) {
      if (frame.text(index).toUpperCase() === 'DB') return databases.includes(Number(frame.text(index + 1)));
    }
    return false;
  }

  /** Commands that only KeyDB has: their first argument is their key, but for RREPLAY, which has none. */
  private hasKeydbKey(frame: CommandView): boolean {
    if (frame.argc < 3 || frame.lengths[0] > 20 || !isKeydbCommand(frame.text(0), frame.argc)) return false;
    const isCarrier = frame.text(0).toUpperCase() === 'RREPLAY';
    return !isCarrier && this.keys?.some((pattern) => isMatch(pattern, frame, 1)) === true;
  }

  private hasKey(info: CommandInfo, frame: CommandView): boolean {
    if (ofAllKeys.has(info.name)) return true;
    const { found, keys } = this;
    findKeys(info, frame, found);
    for (let index = 0; index < found.count; index++) {
      for (const pattern of keys ?? []) if (isMatch(pattern, frame, found.positions[index])) return true;
    }
    return false;
  }
}

/** The subcommand that the second argument names, or the container itself where there is none. */
export function subcommand(container: CommandInfo, frame: CommandView): CommandInfo {
  if (frame.argc < 2 || frame.lengths[1] > 40) return container;
  return container.subcommands.get(frame.text(1).toUpperCase()) ?? container;
}

const isPart = (place: LogPlace, file: string | undefined) => file === undefined || place.part.name === file;

const commandName = (text: string): string =>
  text
    .trim()
    .toUpperCase()
    .replace(/[\s|]+/, ' ');

function keyPattern(glob: string): KeyPattern {
  const special = glob.search(/[*?[\\]/);
  if (special < 0) return { prefix: Buffer.from(glob, 'latin1'), whole: true, pattern: undefined };
  const prefix = Buffer.from(glob.slice(0, special), 'latin1');
  return { prefix, whole: false, pattern: glob.slice(special) === '*' ? undefined : new Glob(glob) };
}

function isMatch({ prefix, whole, pattern }: KeyPattern, frame: CommandView, position: number): boolean {
  const length = frame.lengths[position];
  if (whole ? length !== prefix.length : length < prefix.length) return false;
  const { bytes } = frame;
  const start = frame.starts[position];
  for (let index = 0; index < prefix.length; index++) if (bytes[start + index] !== prefix[index]) return false;
  return pattern === undefined || pattern.matches(bytes, start, length);
}
