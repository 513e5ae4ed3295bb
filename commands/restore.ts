import { string as stringArg } from '@oclif/core/args';
import { boolean, option, string } from '@oclif/core/flags';
import { UsageError } from '../src/errors.ts';
import { restore } from '../src/operations/rewrite/restore.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { palette } from './shared/palette.ts';
import { parsePoint, pointFlags } from './shared/point-in-time.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatPreview, withKeysAsText } from './shared/report-restore.ts';
import { formatRewrite } from './shared/report-rewrite.ts';

export default class Restore extends BaseCommand {
  static override summary = 'Write the dataset as it was before a command, or as if some commands had never been.';
  static override description =
    `Takes back a FLUSHALL, goes back to a time, or leaves single commands out; through all parts of a multi-part AOF. The source is only read. The result is written as a rewrite writes it, in any layout; nothing is replaced unless --force says so, which is why it does not ask.

First it tells what the dataset will hold, and how that differs from the end of the log: keys added, gone and changed per database. --dry-run ends there.

A PATTERN is a glob (as of KEYS) over a command as people write it: NAME in upper case, then its arguments, with a blank between two; what follows may follow. FLUSHALL matches FLUSHALL ASYNC, "DEL user:*" every DEL whose first key begins with user:. A command's number counts from 1, over all files or in one.

An end inside a transaction drops the whole of it, as a server does when the EXEC is missing. SELECT, MULTI and EXEC are never left out by --without.

Exit status: 0 written, 1 refused (damage before the point, no such command or time, loss), 2 wrong usage, 3 cannot read or write, 70 a bug of aofkit.`;
  static override args = { path: stringArg({ description: 'file or folder as for check', required: true }) };
  static override flags = {
    output: string({
      char: 'o',
      description: 'where the result goes: a new file, or folder for multipart',
      helpValue: 'OUT',
    }),
    ...pointFlags,
    'dry-run': boolean({ description: 'tell what it would hold, and write nothing' }),
    force: boolean({ description: 'replace what is at OUT' }),
    format: option({ options: ['aof', 'hybrid', 'rdb', 'multipart'] as const })({
      description: 'layout to write [default: that of the input]',
    }),
    base: option({ options: ['aof', 'rdb'] as const })({ description: 'what the base of a multi-part AOF is' }),
    target: string({ description: 'server generation to write for, such as redis-8.6', helpValue: 'NAME' }),
    'allow-loss': boolean({ description: 'write even if the target cannot hold everything' }),
    unknown: option({ options: ['fail', 'keep', 'drop'] as const })({
      description: 'what becomes of commands whose effect is not known',
      default: 'fail',
    }),
    verify: boolean({ description: 'read the result again and compare digests' }),
    yes: boolean({ char: 'y', description: 'taken for the sake of scripts: it never asks' }),
    ...limitFlags,
    json: boolean({ description: 'print the report as one JSON object' }),
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'Take back a FLUSHALL',
      command: '<%= config.bin %> <%= command.id %> appendonlydir -o restored --before-last FLUSHALL',
    },
    {
      description: 'Five minutes before it',
      command: '<%= config.bin %> <%= command.id %> appendonlydir -o restored --before-last FLUSHALL --minus 5m',
    },
    {
      description: 'What a time would hold',
      command: '<%= config.bin %> <%= command.id %> appendonlydir --to-timestamp 2026-11-20T08:00:00Z --dry-run',
    },
    {
      description: 'As if no session had been deleted',
      command: '<%= config.bin %> <%= command.id %> appendonly.aof -o out.rdb --format rdb --without "DEL session:*"',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Restore);
    const point = parsePoint(flags, (message) => this.tell(message));
    if (point === undefined) throw new UsageError('say to which point: see --help');
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const bar = await ProgressBar.open(flags.progress);
    const begun = Date.now();
    const colour = await palette();
    const result = await restore(chooser.path(args.path), {
      point,
      output: flags.output,
      dryRun: flags['dry-run'],
      force: flags.force,
      format: flags.format,
      base: flags.base,
      target: flags.target,
      allowLoss: flags['allow-loss'],
      verify: flags.verify,
      opaque: flags.unknown,
      at: begun,
      seed: Math.floor(Math.random() * 2 ** 32),
      onProgress: bar.listener,
      onPreview: async (preview) => {
        bar.stop();
        if (!flags.json) await this.report(withKeysAsText(preview), (shown) => formatPreview(shown, colour));
        return true;
      },
    }).finally(() => bar.stop());
    const seconds = (Date.now() - begun) / 1000;
    if (flags.json) await this.json({ ok: result.ok, seconds, results: [result], chosen: chooser.chosen });
    else if (result.rewrite.outcome !== 'reviewed')
      await this.report(result.rewrite, (shown) => formatRewrite(shown, seconds, colour));
    process.exitCode = result.ok ? ExitCode.sound : ExitCode.problems;
  }
}
