import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, option, string } from '@oclif/core/flags';
import { parseSlots } from '../src/engine/slot.ts';
import { convert } from '../src/operations/convert/convert.ts';
import type { ConvertOptions, ConvertResult } from '../src/operations/convert/options.ts';
import { planTargets, requireOutput, type TargetPlan } from '../src/operations/convert/plan-targets.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { parseDatabaseMap, parseRename, parseTtl } from './shared/convert-flags.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { filterFlags, parseFilter } from './shared/filter-flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { palette } from './shared/palette.ts';
import { parsePoint, pointFlags } from './shared/point-in-time.ts';
import { jsonLine } from './shared/printing.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatConvert, formatPlanLine } from './shared/report-convert.ts';
import { StandardOutput } from './shared/standard-output.ts';

export default class Convert extends BaseCommand {
  static override summary = 'Convert between layouts (AOF, hybrid, multi-part, RDB), versions and forks.';
  static override description =
    `Reads any layout. What needs no replay is copied byte for byte (hybrid to multipart and back, an AOF into the layout of 7.0) or read key by key in constant memory (an RDB into commands, or into an RDB of another version). A log that must become an RDB, or an older server's commands, is replayed.

What the target cannot hold is listed and refused unless --allow-loss is given.

With -o - the result goes to standard output and the report to standard error.

Exit status: 0 written, 1 refused (damaged input, loss, conflicts, unknown commands), 2 wrong usage, 3 cannot read or write, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({
      ignoreStdin: true,
      description: 'file or folder as for check; several are merged',
      required: true,
    }),
  };
  static override flags = {
    to: option({ options: ['aof', 'hybrid', 'multipart', 'rdb'] as const })({
      description: 'layout to write [default, of a dry run: rdb]',
    }),
    output: string({
      char: 'o',
      description: 'where the result goes: a file, a new folder for multipart, or - for standard output',
      helpValue: 'OUT',
    }),
    'dry-run': boolean({
      description:
        'write nothing: say what stops these files on the target, key by key and counted by reason; --target all gives a line a version',
    }),
    force: boolean({ description: 'replace what is at OUT' }),
    target: string({
      description:
        'server generation to write for, redis-2.6 to redis-8.12 or valkey-7.2 to valkey-9.2 [default: the newest that the input used]',
      helpValue: 'NAME',
    }),
    'allow-loss': boolean({ description: 'write even if the target cannot hold everything' }),
    modules: option({ options: ['keep', 'drop', 'fail'] as const })({
      description: 'what becomes of the data of modules',
      default: 'keep',
    }),
    unknown: option({ options: ['fail', 'keep', 'drop'] as const })({
      description: 'where a log is replayed: what becomes of commands whose effect is not known',
      default: 'fail',
    }),
    'on-existing': option({ options: ['replace', 'skip'] as const })({
      description:
        'for --to aof into a server that has keys: DEL a key before its commands, or RESTORE only keys that are not there (others are answered with BUSYKEY) [default: for an empty server; commands add to lists and the like]',
    }),
    compact: boolean({ description: 'write the shortest files that rebuild the dataset, not the history' }),
    base: option({ options: ['aof', 'rdb'] as const })({
      description: 'what the base of a multi-part AOF is [default: as in the input]',
    }),
    compression: boolean({ description: 'compress the strings of an RDB', default: true, allowNo: true }),
    checksum: boolean({ description: 'end an RDB with its checksum', default: true, allowNo: true }),
    gzip: boolean({ description: 'compress the output [default: if OUT ends in .gz]', allowNo: true }),
    'split-by-slot': integer({
      description:
        'write N outputs, each with an equal share of the slots of a cluster: OUT.0 to OUT.N-1, an extension at the end, as in dump.0.rdb',
      helpValue: 'N',
      min: 1,
      max: 1000,
    }),
    slots: string({ description: 'take only keys of these slots, such as 0-5460,10000', helpValue: 'RANGES' }),
    'on-conflict': option({ options: ['first', 'last', 'fail'] as const })({
      description: 'which of the keys that several inputs share is taken',
      default: 'fail',
    }),
    ttl: string({
      description:
        'when keys expire: keep, drop (never), shift:DURATION (later, such as shift:7d or shift:-30m), absolute (a log is replayed, and its relative times count from now)',
      default: 'keep',
      helpValue: 'HOW',
    }),
    'db-map': string({
      description: 'databases that change their number',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FROM:TO,…',
    }),
    'rename-prefix': string({
      description: 'keys that begin with FROM begin with TO instead; with = between them either may hold colons',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FROM:TO',
    }),
    ...filterFlags,
    ...pointFlags,
    verify: boolean({ description: 'read the result again and compare digests before it takes its place' }),
    ...limitFlags,
    json: boolean({ description: 'print the report as one JSON object' }),
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'A dump for an older server ("Can\'t handle RDB format version 12")',
      command: '<%= config.bin %> <%= command.id %> dump.rdb --to rdb --target redis-7.2 -o old.rdb',
    },
    {
      description: 'From Redis to Valkey',
      command: '<%= config.bin %> <%= command.id %> appendonlydir --to multipart --target valkey-9.1 -o valkey-aof',
    },
    {
      description: 'What stops this file on each server version, without writing anything',
      command: '<%= config.bin %> <%= command.id %> dump.rdb --dry-run --target all',
    },
    {
      description: 'Into an empty server; add --on-existing replace where it has keys',
      command: '<%= config.bin %> <%= command.id %> dump.rdb --to aof -o - | redis-cli --pipe',
    },
    {
      description: 'An old AOF in the layout of 7.0',
      command: '<%= config.bin %> <%= command.id %> appendonly.aof --to multipart -o appendonlydir',
    },
    {
      description: 'An RDB of what there was before a FLUSHALL',
      command: '<%= config.bin %> <%= command.id %> appendonlydir --to rdb -o before.rdb --before-last FLUSHALL',
    },
    {
      description: 'Shards of a cluster in one file',
      command: '<%= config.bin %> <%= command.id %> a.rdb b.rdb c.rdb --to rdb -o merged.rdb',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Convert);
    const isDry = flags['dry-run'];
    const { to, output } = requireOutput(flags.to, flags.output, isDry);
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const bar = await ProgressBar.open(flags.progress);
    const begun = Date.now();
    const toStdout = output === '-';
    const options: ConvertOptions = {
      to,
      output: toStdout && !isDry ? new StandardOutput() : output,
      dryRun: isDry,
      force: flags.force,
      target: flags.target,
      allowLoss: flags['allow-loss'],
      modules: flags.modules,
      opaque: flags.unknown,
      compact: flags.compact,
      onExisting: flags['on-existing'],
      base: flags.base,
      compress: flags.compression,
      checksum: flags.checksum,
      gzip: flags.gzip,
      splitBySlot: flags['split-by-slot'],
      slots: flags.slots === undefined ? undefined : parseSlots(flags.slots),
      onConflict: flags['on-conflict'],
      ttl: parseTtl(flags.ttl),
      databases: parseDatabaseMap(flags['db-map'] ?? []),
      renamePrefixes: flags['rename-prefix']?.map(parseRename),
      filter: parseFilter(flags, begun),
      point: parsePoint(flags, (message) => this.tell(message)),
      verify: flags.verify,
      at: begun,
      seed: Math.floor(Math.random() * 2 ** 32),
      onProgress: bar.listener,
    };
    const paths = (argv as string[]).map((path) => chooser.path(path));
    if (isDry && flags.target === 'all') {
      await this.planAll(paths, options, flags.json).finally(() => bar.stop());
      return;
    }
    const result = await convert(paths, options).finally(() => bar.stop());
    const seconds = (Date.now() - begun) / 1000;
    const colour = await palette(toStdout ? process.stderr : process.stdout);
    const format = flags.json
      ? () => jsonLine({ ok: result.ok, seconds, results: [result], chosen: chooser.chosen })
      : (shown: ConvertResult) => formatConvert(shown, seconds, colour);
    if (toStdout) this.reportError(result, format);
    else await this.report(result, format);
    process.exitCode = result.ok ? ExitCode.sound : ExitCode.problems;
  }

  /** A line for each server version; all is well if one of them takes everything. */
  private async planAll(paths: readonly string[], options: ConvertOptions, asJson: boolean): Promise<void> {
    const plans: TargetPlan[] = [];
    const ok = await planTargets(paths, options, async (plan) => {
      if (asJson) plans.push(plan);
      else await this.write(formatPlanLine(plan));
    });
    if (asJson) await this.write(jsonLine({ ok, results: plans }));
    process.exitCode = ok ? ExitCode.sound : ExitCode.problems;
  }
}
