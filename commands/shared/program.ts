import fs from 'node:fs';
import type { Config } from '@oclif/core/interfaces';
import { printable, printableLines } from '../../src/io/text.ts';
import type { BaseCommand } from './base-command.ts';
import { ExitCode } from './exit-code.ts';
import { suggestion } from './suggestion.ts';

/*
 * From the command line's words to a command. Of oclif, the parser of flags and the help are used; its Config is not: that one looks for
 * plugins, a theme and settings below the home folder and loads them, and a home folder may be restored from somebody else's backup, or
 * be the data folder of a server. All commands are listed here, and nothing else is ever loaded.
 */

type CommandClass = (new (
  argv: string[],
  config: Config,
) => BaseCommand) &
  Pick<typeof BaseCommand, 'id' | 'summary' | 'description' | 'examples' | 'strict' | 'args' | 'flags'>;

const commands: Readonly<Record<string, () => Promise<{ readonly default: unknown }>>> = {
  boot: () => import('../boot.ts'),
  check: () => import('../check.ts'),
  convert: () => import('../convert.ts'),
  diff: () => import('../diff.ts'),
  digest: () => import('../digest.ts'),
  explain: () => import('../explain.ts'),
  export: () => import('../export.ts'),
  get: () => import('../get.ts'),
  keys: () => import('../keys.ts'),
  log: () => import('../log.ts'),
  memory: () => import('../memory.ts'),
  repair: () => import('../repair.ts'),
  restore: () => import('../restore.ts'),
  rewrite: () => import('../rewrite.ts'),
  verify: () => import('../verify.ts'),
};

export const commandNames: readonly string[] = Object.keys(commands);

/** The part of package.json that is shown. */
interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/** Runs a command line. Ends with a message and process.exitCode, never with a rejection. */
export async function main(argv: readonly string[]): Promise<void> {
  process.on('uncaughtException', (error) => {
    reportBug(error);
    process.exit(ExitCode.bug);
  });
  try {
    await dispatch(argv);
  } catch (error) {
    reportBug(error);
    process.exitCode = ExitCode.bug;
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const [first = 'help', ...rest] = argv;
  if (['-v', '--version', 'version'].includes(first)) {
    process.stdout.write(`${userAgent(packageFacts())}\n`);
  } else if (first === 'help' || first === '-h' || first === '--help') {
    await showHelp(rest.find((word) => !word.startsWith('-')));
  } else if (!Object.hasOwn(commands, first)) {
    refuse(unknownCommand(first));
  } else if (asksForHelp(rest)) await showHelp(first);
  else {
    const Command = await load(first);
    await new Command([...rest], configuration() as unknown as Config).start();
  }
}

/** Whether --help or -h stands among the flags. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const flags = end < 0 ? words : words.slice(0, end);
  return flags.includes('--help') || flags.includes('-h');
}

async function load(name: string): Promise<CommandClass> {
  const { default: loaded } = await commands[name]();
  const Command = loaded as CommandClass;
  Command.id = name;
  return Command;
}

function unknownCommand(word: string): string {
  const meant = suggestion(word, [...commandNames, 'help', 'version']);
  const known = `no such command: ${word}`;
  if (meant !== undefined) return `${known}; did you mean "aofkit ${meant}"?`;
  if (word.startsWith('-')) return `no such flag: ${word}; flags come behind the name of a command`;
  return fs.existsSync(word) ? `${known}; "aofkit check" checks a file or folder` : known;
}

function refuse(message: string): void {
  process.stderr.write(`aofkit: ${printable(message)}\nRun "aofkit help" for the list of commands.\n`);
  process.exitCode = ExitCode.usage;
}

function reportBug(error: unknown): void {
  const report = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`aofkit: this is a bug of aofkit, please report it:\n${printableLines(report)}\n`);
}

/** The help of a command, or the list of all. */
async function showHelp(name: string | undefined): Promise<void> {
  if (name !== undefined && !Object.hasOwn(commands, name)) {
    if (name === 'help' || name === 'version') return showHelp(undefined);
    return refuse(unknownCommand(name));
  }
  const { Help } = await import('./help.ts');
  const shown = await Promise.all((name === undefined ? commandNames : [name]).map(describe));
  const facts = packageFacts();
  const config = { ...configuration(), commands: shown, pjson: { ...facts, oclif: {} }, userAgent: userAgent(facts) };
  const help = new Help(config as unknown as Config, {});
  if (name !== undefined) return help.showCommandHelp(shown[0] as never);
  await help.showHelp([]);
  process.stdout.write('Run "aofkit help COMMAND" for the arguments, flags and examples of a command.\n');
}

/** A command as the help describes it. */
async function describe(id: string): Promise<object> {
  const { summary, description, examples, strict, args, flags } = await load(id);
  const named = (all: object) => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, { ...one, name }]));
  return { id, summary, description, examples, strict, args: named(args), flags: named(flags), aliases: [] };
}

/** What oclif's Command, parser and help ask of their Config. */
function configuration() {
  return {
    bin: 'aofkit',
    name: 'aofkit',
    topicSeparator: ' ',
    topics: [],
    plugins: new Map(),
    runHook: async () => ({ successes: [], failures: [] }),
    scopedEnvVarKeys: () => [],
  };
}

const userAgent = ({ name, version }: PackageFacts): string =>
  `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`;

/** From the package's own folder: this module is commands/shared/program, or dist/commands/shared/program. */
function packageFacts(): PackageFacts {
  for (const path of ['../../package.json', '../../../package.json']) {
    const url = new URL(path, import.meta.url);
    if (fs.existsSync(url)) return JSON.parse(fs.readFileSync(url, 'utf8'));
  }
  throw new Error('package.json is missing');
}
