import nodePath from 'node:path';
import fs from '../../io/file-system.ts';
import type { Target } from '../../servers/targets.ts';
import { type Directive, missingInclude, unknownDirective } from './directives.ts';
import type { BootRules } from './generation.ts';
import { type BootSettings, RefusedDirective, settingsOf } from './settings.ts';

/** Why a server ends before it looks at any data, and the lines of its log that say so. */
export interface Refusal {
  readonly reason: string;
  readonly log: readonly string[];
}

export interface Configuration {
  /** Where a line is refused: what the others say. */
  readonly settings: BootSettings;
  readonly refusal: Refusal | undefined;
}

/** What a server of that generation makes of the lines of its configuration. */
export function configure(directives: readonly Directive[], rules: BootRules): Configuration {
  let left = directives;
  let refusal: Refusal | undefined;
  for (;;) {
    const refused = missingFile(left) ?? unknownLine(left, rules) ?? shortRename(left, rules);
    if (refused !== undefined) {
      refusal ??= refused.refusal;
      left = left.filter(({ name }) => name !== refused.name);
      continue;
    }
    try {
      const settings = settingsOf(left, !rules.multiPart);
      return { settings, refusal: refusal ?? refusedRename(settings, rules, left) };
    } catch (error) {
      if (!(error instanceof RefusedDirective)) throw error;
      const line = left.findLast(({ name }) => name === error.directive);
      refusal ??= fatalLine(error.message, line);
      left = left.filter(({ name }) => name !== error.directive);
    }
  }
}

function fatalLine(reason: string, directive: Directive | undefined): Refusal {
  return { reason, log: ['*** FATAL CONFIG FILE ERROR', `>>> '${directive?.line ?? ''}'`] };
}

function missingFile(directives: readonly Directive[]) {
  const missing = directives.find(({ name }) => name === missingInclude);
  if (missing === undefined) return undefined;
  const [path] = missing.words;
  const log = [`Fatal error, can't open config file '${path}'`];
  return { name: missingInclude, refusal: { reason: `the included file ${path} cannot be read`, log } };
}

function unknownLine(directives: readonly Directive[], { target }: BootRules) {
  const unknown = unknownDirective(directives, target.name);
  if (unknown === undefined) return undefined;
  const reason = `${target.name} does not know the setting ${unknown.name}`;
  return { name: unknown.name, refusal: badDirective(reason, unknown, target) };
}

/** A directive that does not exist, or not with so many words: from 8.0 on Redis takes it for one of a module. */
function badDirective(reason: string, directive: Directive, target: Target): Refusal {
  const isModern = target.fork === 'redis' && Number(target.version.split('.')[0]) >= 8;
  return isModern
    ? { reason, log: ['Unresolved Configuration(s) Detected:', `>>> '${directive.line}'`] }
    : fatalLine(reason, directive);
}

function shortRename(directives: readonly Directive[], { target }: BootRules) {
  const short = directives.find(({ name, words }) => name === 'rename-command' && words.length !== 2);
  return short && { name: short.name, refusal: badDirective('rename-command takes two names', short, target) };
}

/** A rename-command of what is not there, or to what is. */
function refusedRename({ renames }: BootSettings, rules: BootRules, directives: readonly Directive[]) {
  const names = new Set([...rules.arities.keys()].filter((name) => !name.includes(' ')));
  const lines = directives.filter(({ name }) => name === 'rename-command');
  for (const [index, [from, to]] of renames.entries()) {
    if (!names.delete(from)) return fatalLine(`no command is called ${from}`, lines[index]);
    if (to === '') continue;
    if (names.has(to)) return fatalLine(`a command is called ${to} already`, lines[index]);
    names.add(to);
  }
  return undefined;
}

/** Why a server ends between its configuration and its data: a file that is not there. `directory`: its data folder. */
export function missingAtStart(settings: BootSettings, rules: BootRules, directory: string): Refusal | undefined {
  const isThere = (path: string) => fs.existsSync(nodePath.resolve(directory, path));
  const module = settings.modules.find((path) => !isThere(path));
  if (module !== undefined) {
    return { reason: `the module ${module} is not there`, log: [`Can't load module from ${module}: server aborting`] };
  }
  if (settings.aclFile === '' || isThere(settings.aclFile)) return undefined;
  const log = [`Aborting ${rules.server} startup because of ACL errors`];
  return { reason: `the file of users ${settings.aclFile} is not there`, log };
}
