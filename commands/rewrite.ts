import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, option, string } from '@oclif/core/flags';
import type { RewriteOptions } from '../src/operations/rewrite/options.ts';
import { rewrite } from '../src/operations/rewrite/rewrite.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { filterFlags, parseFilter } from './shared/filter-flags.ts';
import { parseSize } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { palette } from './shared/palette.ts';
import { parsePoint, pointFlags } from './shared/point-in-time.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatRewrite } from './shared/report-rewrite.ts';

export default class Rewrite extends BaseCommand {
  static override summary =
    'Write the shortest files that rebuild the dataset, as BGREWRITEAOF does, without a server.';
  static override description =
    `Reads any layout. The result takes its place only when it is whole and flushed to the disk; with --verify, only after it was read again and has the same digest.

Commands whose effect nobody knows offline (scripts of old logs, commands of modules) are an error unless --unknown says to keep them (what stands before the first of them is rewritten, and everything from there on is copied as it stands), or to drop them.

Exit status: 0 written or not needed, 1 refused (damaged input, unknown commands, loss), 2 wrong usage, 3 cannot read or write, 70 a bug of aofkit.`;
  static override args = {
    path: stringArg({ ignoreStdin: true, description: 'file or folder as for check', required: true }),
  };
  static override flags = {
    output: string({
      char: 'o',
      description: 'where the result goes: a file, or a new folder for multipart',
      helpValue: 'OUT',
      exclusive: ['in-place'],
    }),
    'in-place': boolean({ description: 'replace the input the way a server does' }),
    force: boolean({ description: 'replace what is at OUT, and do not mind that another process has the input open' }),
    format: option({ options: ['aof', 'hybrid', 'rdb', 'multipart'] as const })({
      description: 'layout to write [default: that of the input]',
    }),
    base: option({ options: ['aof', 'rdb'] as const })({
      description: 'what the base of a multi-part AOF is [default: as in the input]',
    }),
    target: string({
      description:
        'server generation to write for, such as redis-7.2, redis-8.6 or valkey-9 [default: the newest that the input used]',
      helpValue: 'NAME',
    }),
    'allow-loss': boolean({ description: 'write even if the target cannot hold everything' }),
    unknown: option({ options: ['fail', 'keep', 'drop'] as const })({
      description: 'what becomes of commands whose effect is not known',
      default: 'fail',
    }),
    compression: boolean({ description: 'compress the strings of an RDB', default: true, allowNo: true }),
    checksum: boolean({ description: 'end an RDB with its checksum', default: true, allowNo: true }),
    'keep-history': boolean({
      description: 'with --in-place: keep the old parts, named as history',
      dependsOn: ['in-place'],
    }),
    'only-if-grown': integer({
      description: 'do nothing unless the log has grown by so many percent over its base (auto-aof-rewrite-percentage)',
      helpValue: 'PERCENT',
      min: 0,
    }),
    'min-size': string({
      description: 'with --only-if-grown: do nothing unless it is larger than this (auto-aof-rewrite-min-size)',
      default: '64mb',
      helpValue: 'SIZE',
    }),
    ...filterFlags,
    ...pointFlags,
    digest: boolean({
      description: 'report the digest; without it, values that no command touched are copied unread',
      default: true,
      allowNo: true,
    }),
    verify: boolean({ description: 'read the result again and compare digests before it replaces anything' }),
    ...limitFlags,
    json: boolean({ description: 'print the report as one JSON object' }),
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'A compact copy',
      command: '<%= config.bin %> <%= command.id %> appendonly.aof -o compact.aof --verify',
    },
    {
      description: "A nightly job on a stopped server's folder",
      command: '<%= config.bin %> <%= command.id %> appendonlydir --in-place --only-if-grown 100 --min-size 64mb',
    },
    {
      description: 'An RDB that an older server reads',
      command: '<%= config.bin %> <%= command.id %> appendonlydir -o dump.rdb --format rdb --target redis-6.2',
    },
    {
      description: 'Only the sessions of database 0',
      command: '<%= config.bin %> <%= command.id %> dump.rdb -o sessions.rdb --db 0 --key "session:*"',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Rewrite);
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const bar = await ProgressBar.open(flags.progress);
    const begun = Date.now();
    const grown = flags['only-if-grown'];
    const options: RewriteOptions = {
      output: flags.output,
      inPlace: flags['in-place'],
      force: flags.force,
      format: flags.format,
      base: flags.base,
      target: flags.target,
      allowLoss: flags['allow-loss'],
      compress: flags.compression,
      checksum: flags.checksum,
      keepHistory: flags['keep-history'],
      onlyIfGrown: grown === undefined ? undefined : { percent: grown, bytesMin: parseSize(flags['min-size']) },
      filter: parseFilter(flags, begun),
      point: parsePoint(flags, (message) => this.tell(message)),
      digest: flags.digest,
      verify: flags.verify,
      opaque: flags.unknown,
      at: begun,
      seed: Math.floor(Math.random() * 2 ** 32),
      onProgress: bar.listener,
    };
    const result = await rewrite(chooser.path(args.path), options).finally(() => bar.stop());
    const seconds = (Date.now() - begun) / 1000;
    if (flags.json) await this.json({ ok: result.ok, seconds, results: [result], chosen: chooser.chosen });
    else {
      const colour = await palette();
      await this.report(result, (shown) => formatRewrite(shown, seconds, colour));
    }
    process.exitCode = result.ok ? ExitCode.sound : ExitCode.problems;
  }
}
