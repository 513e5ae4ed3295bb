import { type CommandRow, commandRows } from './commands.generated.ts';
import type { GenerationSet } from './generations.ts';

/** What is known of one command, from COMMAND of real servers. */
export interface CommandInfo {
  /** Upper case; a subcommand as 'XGROUP CREATE'. */
  readonly name: string;
  readonly group: string;
  /** As COMMAND tells it: exact count of arguments, the name included, or the negative of the least. */
  readonly arity: number;
  /** The arities that other generations have for it. */
  readonly otherArities: readonly number[];
  /** It stands before a subcommand. */
  readonly container: boolean;
  /** It may change the dataset, or some generation writes it to an AOF. */
  readonly write: boolean;
  /** It may name more keys than those in fixed places. */
  readonly movableKeys: boolean;
  /** Which generations know it. */
  readonly generations: GenerationSet;
  /** Subcommands by upper case name, of a container. */
  readonly subcommands: ReadonlyMap<string, CommandInfo>;
}

interface Info extends CommandInfo {
  readonly subcommands: Map<string, CommandInfo>;
}

function infoOf(row: CommandRow): Info {
  const [name, group, arity, flags, , , , , generations, others = []] = row;
  return {
    name,
    group,
    arity,
    otherArities: others.map(([other]) => other),
    container: flags.includes('c'),
    movableKeys: flags.includes('m'),
    write: flags.includes('w') || flags.includes('p'),
    generations,
    subcommands: new Map(),
  };
}

/** Slots of the table; a power of two well above the number of commands. */
const slotCount = 2048;
const slots: (Info | undefined)[] = new Array(slotCount).fill(undefined);
const nameBytes: (Uint8Array | undefined)[] = new Array(slotCount).fill(undefined);

/** Every command, containers and plain ones, without subcommands. */
export const commands: readonly CommandInfo[] = buildTable();

function buildTable(): CommandInfo[] {
  const all: Info[] = [];
  for (const row of commandRows) {
    const [container, subcommand] = row[0].split(' ');
    const info = infoOf(row);
    if (subcommand !== undefined) {
      all.find((entry) => entry.name === container)?.subcommands.set(subcommand, info);
      continue;
    }
    all.push(info);
    const bytes = Buffer.from(row[0], 'latin1');
    let slot = hashName(bytes, 0, bytes.length);
    while (slots[slot] !== undefined) slot = (slot + 1) & (slotCount - 1);
    slots[slot] = info;
    nameBytes[slot] = bytes;
  }
  return all;
}

/** Upper case for ASCII letters: bit 5 is what tells them apart, and no command's name holds bytes that this confuses. */
function hashName(bytes: Uint8Array, start: number, length: number): number {
  let hash = length;
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ (bytes[start + index] & 0xdf), 0x01000193);
  return (hash ^ (hash >>> 15)) & (slotCount - 1);
}

/** The command with this name, in any case; undefined if no server knows it. Allocates nothing. */
export function findCommand(bytes: Uint8Array, start: number, length: number): CommandInfo | undefined {
  let slot = hashName(bytes, start, length);
  for (;;) {
    const name = nameBytes[slot];
    if (name === undefined) return undefined;
    if (name.length === length && sameName(name, bytes, start)) return slots[slot];
    slot = (slot + 1) & (slotCount - 1);
  }
}

function sameName(upper: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < upper.length; index++) {
    let byte = bytes[start + index];
    if (byte >= 0x61 && byte <= 0x7a) byte -= 32;
    if (byte !== upper[index]) return false;
  }
  return true;
}

/** Whether some generation accepts that many arguments, the name included. */
export function fitsArity(info: CommandInfo, argc: number): boolean {
  return fits(info.arity, argc) || info.otherArities.some((arity) => fits(arity, argc));
}

function fits(arity: number, argc: number): boolean {
  return arity < 0 ? argc >= -arity : argc === arity;
}

/**
 * What a number of arguments is that no generation accepts: fewer than the least are a sign of damage, and more may be a newer form of the
 * command.
 */
export function codeOfArity(
  info: CommandInfo,
  argc: number,
): 'aof.command.arity' | 'aof.command.unsupported.arguments' {
  const isMore = [info.arity, ...info.otherArities].some((arity) => argc > Math.abs(arity));
  return isMore ? 'aof.command.unsupported.arguments' : 'aof.command.arity';
}

/** An arity as a person would say it. */
export function arityText(info: CommandInfo): string {
  return info.arity < 0 ? `at least ${-info.arity} arguments with the name` : `${info.arity} arguments with the name`;
}

/** Names without a dot that only a module brings. */
const moduleNames = new Set(['GRAPH', 'TFUNCTION', 'TFCALL', 'TFCALLASYNC']);

/** Whether a name that no server knows has the form of a module's command: `FAMILY.COMMAND`. */
export function isModuleName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z0-9_.-]+$/.test(name) || moduleNames.has(name.toUpperCase());
}
