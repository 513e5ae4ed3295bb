import { createInterface } from 'node:readline/promises';
import { string as stringArg } from '@oclif/core/args';
import { boolean, option, string } from '@oclif/core/flags';
import { UsageError } from '../src/errors.ts';
import type { RepairOptions } from '../src/operations/repair/options.ts';
import type { RepairPlan } from '../src/operations/repair/plan.ts';
import { repair } from '../src/operations/repair/repair.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { binaryArgument } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { palette } from './shared/palette.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatPlan, formatRepair } from './shared/report-repair.ts';

export default class Repair extends BaseCommand {
  static override summary = 'Mend damaged AOF and RDB files, and lose nothing that can be saved.';
  static override description =
    `PATH is a file (RDB, AOF, AOF with an RDB preamble, manifest) or the folder of a multi-part AOF. Without -o and --in-place only the plan is printed: what each strategy would keep and lose.

Whatever is taken out goes to OUT.quarantine (in place: PATH.quarantine), with an index. In place, the old file stays beside the new one as PATH.backup-1, and the new one takes its place at once.

Exit status: 0 repaired or nothing to do, and all that the files declare is there, 1 not or not wholly repairable, or something that the files declare (keys, elements, parts) is missing, 2 wrong usage, 3 cannot read or write, 70 a bug of aofkit.`;
  static override args = { path: stringArg({ ignoreStdin: true, description: 'what to repair', required: true }) };
  static override flags = {
    output: string({
      char: 'o',
      description: 'where the result goes: a file, or for a multi-part AOF a new folder',
      helpValue: 'OUT',
      exclusive: ['in-place'],
    }),
    'in-place': boolean({ description: 'replace the damaged files' }),
    'dry-run': boolean({ description: 'print the plan and write nothing' }),
    yes: boolean({ char: 'y', description: 'do not ask before writing' }),
    backup: boolean({ description: 'with --in-place: keep the old files', default: true, allowNo: true }),
    force: boolean({ description: 'replace OUT; do not mind that another process has the input open' }),
    strategy: option({ options: ['truncate', 'salvage'] as const })({
      description:
        'truncate: cut at the first damage, as the server does; salvage: skip each bad region and keep the rest [default: truncate where only the end is damaged, else salvage]',
    }),
    'keep-later-parts': boolean({
      description: 'with --strategy truncate: go on with the parts after a torn one instead of putting them away',
    }),
    duplicates: option({ options: ['first', 'last'] as const })({
      description: 'which one stays of two records of one key in an RDB',
      default: 'last',
    }),
    key: string({
      description:
        "the key's name for the payload of a DUMP, which has none [default: the name of the file without its extension]",
      helpValue: 'NAME',
    }),
    adopt: boolean({ description: 'take in parts that lie in the folder and that the manifest does not name' }),
    'drop-unknown': boolean({
      description:
        'take out commands with a damaged name or a wrong number of arguments; never one that may be newer than this build',
    }),
    'rename-command': string({
      description:
        "undo a server's `rename-command OLD NEW`: commands that are called NEW in the file get their name OLD back",
      helpValue: 'OLD=NEW',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...limitFlags,
    json: boolean({ description: 'print the plan and the result as one JSON object' }),
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    { description: 'What could be saved?', command: '<%= config.bin %> <%= command.id %> appendonlydir' },
    {
      description: 'Before a server starts, unattended; the old file is kept',
      command: '<%= config.bin %> <%= command.id %> /data/appendonlydir --in-place --yes',
    },
    {
      description: 'A damaged dump into a new file',
      command: '<%= config.bin %> <%= command.id %> dump.rdb -o mended.rdb --yes',
    },
    {
      description: 'As redis-check-aof --fix does it',
      command: '<%= config.bin %> <%= command.id %> appendonly.aof --strategy truncate --in-place --yes',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Repair);
    const colour = await palette();
    const bar = await ProgressBar.open(flags.progress);
    let shown = false;
    const show = async (plan: RepairPlan) => {
      bar.stop();
      if (!flags.json && !shown) await this.report(plan, (it) => formatPlan(it, colour));
      shown = true;
    };
    const options: RepairOptions = {
      output: flags.output,
      inPlace: flags['in-place'],
      dryRun: flags['dry-run'],
      strategy: flags.strategy,
      keepLaterParts: flags['keep-later-parts'],
      duplicates: flags.duplicates,
      key: flags.key === undefined ? undefined : binaryArgument(flags.key),
      adopt: flags.adopt,
      dropUnknown: flags['drop-unknown'],
      renames: parseRenames(flags['rename-command'] ?? []),
      backup: flags.backup,
      force: flags.force,
      ahead: flags.yes,
      seed: Math.floor(Math.random() * 2 ** 32),
      onProgress: bar.listener,
      confirm: async (plan) => {
        await show(plan);
        return flags.yes || confirmed();
      },
    };
    const result = await repair(args.path, options).finally(() => bar.stop());
    await show(result.plan);
    if (flags.json) await this.json({ ok: result.ok, results: [result] }, withoutBytes);
    else await this.report(result, (it) => formatRepair(it, flags['dry-run'], colour));
    process.exitCode = result.ok ? ExitCode.sound : ExitCode.problems;
  }
}

/** Asks the person at the terminal; where there is none, nobody can have agreed. */
async function confirmed(): Promise<boolean> {
  if (process.stdin.isTTY !== true) {
    throw new UsageError(
      'there is no terminal to ask on: say --yes to have the files written, or --dry-run for the plan',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Write this? [y/N] ')).trim());
  } catch (error) {
    // Ctrl-C or Ctrl-D instead of an answer is a no.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    process.stderr.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}

/** `OLD=NEW` pairs, as the names in the file and what they stand for. Throws UsageError. */
function parseRenames(pairs: readonly string[]): Map<string, string> {
  const renames = new Map<string, string>();
  for (const pair of pairs) {
    const [, old, name] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (old === undefined) throw new UsageError(`not a renamed command: ${pair} (OLD=NEW, such as FLUSHALL=WIPE)`);
    renames.set(binaryArgument(name).toUpperCase(), old.toUpperCase());
  }
  return renames;
}

/** A region's new bytes as hex: JSON has no bytes. */
function withoutBytes(_key: string, value: unknown): unknown {
  const bytes = value as { readonly type?: string; readonly data?: readonly number[] } | undefined;
  return bytes?.type === 'Buffer' && Array.isArray(bytes.data) ? Buffer.from(bytes.data).toString('hex') : value;
}
