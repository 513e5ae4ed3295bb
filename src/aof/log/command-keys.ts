import { isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { type CommandInfo, commands } from '../../servers/command-catalog.ts';
import { commandRows } from '../../servers/commands.generated.ts';

/** Positions of a command's keys among its arguments. */
interface KeyRule {
  /** As COMMAND gives them: the last one negative counts from the end; first 0 for none. */
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Position of a number of keys, which then follow at once, `step` apart; 0 for none. */
  readonly count: number;
  /** Further keys that depend on words among the arguments. */
  readonly more?: (frame: CommandView, found: KeyPositions) => void;
  /** Which of the keys are written, if not all: only the first, or only the second. */
  readonly written?: 'first' | 'second';
}

/** Where the keys of one command are. Reused from command to command. */
export class KeyPositions {
  count = 0;
  positions = new Int32Array(64);

  add(position: number): void {
    if (this.count === this.positions.length) {
      const grown = new Int32Array(this.count * 2);
      grown.set(this.positions);
      this.positions = grown;
    }
    this.positions[this.count++] = position;
  }
}

/** Keys behind a word: `STORE destination`. */
function afterWord(from: number, ...words: readonly string[]): KeyRule['more'] {
  return (frame, found) => {
    for (let index = from; index < frame.argc - 1; index++) {
      if (words.some((word) => isWord(frame, index, word))) found.add(++index);
    }
  };
}

/** XREADGROUP and XREAD: of what follows STREAMS the first half are keys. */
const streams: KeyRule['more'] = (frame, found) => {
  for (let index = 1; index < frame.argc; index++) {
    if (!isWord(frame, index, 'STREAMS')) continue;
    const count = (frame.argc - index - 1) >> 1;
    for (let key = 1; key <= count; key++) found.add(index + key);
    return;
  }
};

/** MIGRATE host port "" db timeout … KEYS key …: an empty key says that they come last. */
const migrated: KeyRule['more'] = (frame, found) => {
  if (frame.lengths[3] > 0) return;
  found.count = 0;
  for (let index = 6; index < frame.argc; index++) {
    if (!isWord(frame, index, 'KEYS')) continue;
    for (let key = index + 1; key < frame.argc; key++) found.add(key);
    return;
  }
};

const none = { first: 0, last: 0, step: 0 };
const storeNumbered = { first: 1, last: 1, step: 1, count: 2, written: 'first' } as const;
const script = { ...none, step: 1, count: 2 };
const geoRadius = { first: 1, last: 1, step: 1, count: 0, more: afterWord(5, 'STORE', 'STOREDIST') };

/** Rules that COMMAND's three numbers cannot tell. */
const special: Readonly<Record<string, KeyRule>> = {
  ZUNIONSTORE: storeNumbered,
  ZINTERSTORE: storeNumbered,
  ZDIFFSTORE: storeNumbered,
  LMPOP: { ...none, step: 1, count: 1 },
  BLMPOP: { ...none, step: 1, count: 2 },
  ZMPOP: { ...none, step: 1, count: 1 },
  BZMPOP: { ...none, step: 1, count: 2 },
  MSETEX: { ...none, step: 2, count: 1 },
  EVAL: script,
  EVALSHA: script,
  FCALL: script,
  SORT: { first: 1, last: 1, step: 1, count: 0, more: afterWord(2, 'STORE') },
  GEORADIUS: geoRadius,
  GEORADIUSBYMEMBER: { ...geoRadius, more: afterWord(4, 'STORE', 'STOREDIST') },
  MIGRATE: { first: 3, last: 3, step: 1, count: 0, more: migrated },
  XREADGROUP: { ...none, count: 0, more: streams },
  XREAD: { ...none, count: 0, more: streams },
};

const onlyFirst = [
  'SINTERSTORE',
  'SUNIONSTORE',
  'SDIFFSTORE',
  'ZRANGESTORE',
  'GEOSEARCHSTORE',
  'BITOP',
  'BITROAROP',
  'PFMERGE',
];
const onlySecond = ['COPY'];

const rules = buildRules();

function buildRules(): Map<CommandInfo, KeyRule> {
  const rows = new Map(commandRows.map((row) => [row[0], row]));
  const built = new Map<CommandInfo, KeyRule>();
  for (const command of commands) {
    for (const info of [command, ...command.subcommands.values()]) {
      const row = rows.get(info.name);
      if (row === undefined) continue;
      const written = onlyFirst.includes(info.name) ? 'first' : onlySecond.includes(info.name) ? 'second' : undefined;
      const [, , , , first, last, step] = row;
      built.set(info, special[info.name] ?? { first, last, step, count: 0, written });
    }
  }
  return built;
}

/** Where a command's keys are if COMMAND's three numbers tell it all, and whether it writes only the first; else undefined. */
export function plainKeys(
  info: CommandInfo,
): { readonly first: number; readonly last: number; readonly step: number; readonly onlyFirst: boolean } | undefined {
  const rule = rules.get(info);
  if (rule === undefined || rule.count > 0 || rule.more !== undefined || rule.written === 'second') return undefined;
  return { first: rule.first, last: rule.last, step: rule.step || 1, onlyFirst: rule.written === 'first' };
}

/** Positions of the keys that the command names, into `found`. */
export function findKeys(info: CommandInfo, frame: CommandView, found: KeyPositions): void {
  found.count = 0;
  const rule = rules.get(info);
  if (rule === undefined) return;
  if (rule.first > 0) {
    const last = rule.last < 0 ? frame.argc + rule.last : Math.min(rule.last, frame.argc - 1);
    for (let position = rule.first; position <= last; position += rule.step || 1) found.add(position);
  }
  if (rule.count > 0 && rule.count < frame.argc) {
    const count = Math.min(Number(frame.lengths[rule.count] < 10 ? frame.text(rule.count) : 0) || 0, frame.argc);
    for (let key = 0, position = rule.count + 1; key < count && position < frame.argc; key++, position += rule.step) {
      found.add(position);
    }
  }
  rule.more?.(frame, found);
}

/** The same, without the keys that are only read. */
export function findWrittenKeys(info: CommandInfo, frame: CommandView, found: KeyPositions): void {
  findKeys(info, frame, found);
  const written = rules.get(info)?.written;
  if (written === undefined) return;
  if (written === 'second') found.positions[0] = found.positions[1];
  const needed = written === 'second' ? 2 : 1;
  found.count = found.count >= needed ? 1 : 0;
}
