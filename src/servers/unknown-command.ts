import { type CommandInfo, commands, fitsArity } from './command-catalog.ts';

/**
 * A command that the catalog does not have is most likely one of a newer server, of another product, or a renamed one: a log has no
 * checksum that would tell, and what may be right is no damage. Only a name that no command can have is: one with bytes that stand in no
 * name, or one that a single flipped bit makes of a known command with as many arguments.
 */
export function codeOfUnknownCommand(name: string, argc: number): 'aof.command.unknown' | 'aof.command.unsupported' {
  return codeOf(name, argc, commands);
}

/** The same for a container's subcommand. */
export function codeOfUnknownSubcommand(container: CommandInfo, name: string, argc: number) {
  return codeOf(name, argc, [...container.subcommands.values()], container.name.length + 1);
}

const nameBytesMax = 64;
/** Answers that are remembered: a log may hold millions of one command. */
const answersMax = 256;
const answers = new Map<string, 'aof.command.unknown' | 'aof.command.unsupported'>();

function codeOf(name: string, argc: number, known: readonly CommandInfo[], prefix = 0) {
  const id = `${known.length} ${prefix} ${argc} ${name}`;
  const remembered = answers.get(id);
  if (remembered !== undefined) return remembered;
  const code = isPossible(name, argc, known, prefix) ? 'aof.command.unsupported' : 'aof.command.unknown';
  if (answers.size < answersMax && name.length <= nameBytesMax) answers.set(id, code);
  return code;
}

function isPossible(name: string, argc: number, known: readonly CommandInfo[], prefix: number): boolean {
  if (name.length > nameBytesMax || !/^[A-Za-z0-9][A-Za-z0-9._:|@-]*$/.test(name)) return false;
  const upper = name.toUpperCase();
  return !known.some(
    (info) =>
      info.name.length - prefix === name.length && fitsArity(info, argc) && differsInBit(info.name, prefix, upper),
  );
}

/** Whether two names of one length differ in a single bit. */
function differsInBit(known: string, prefix: number, name: string): boolean {
  let difference = 0;
  for (let index = 0; index < name.length; index++) {
    const bits = known.charCodeAt(prefix + index) ^ name.charCodeAt(index);
    if (bits === 0) continue;
    if (difference !== 0) return false;
    difference = bits;
  }
  return difference !== 0 && (difference & (difference - 1)) === 0;
}
