import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import type { Frequent, LogFilter, LogOptions } from '../src/index.ts';
import { log } from '../src/operations/log/log.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { binaryArgument, parseDatabases, parseMoment } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { parsePlace } from './shared/place.ts';
import { PrintableJsonLines } from './shared/printing.ts';
import { ProgressBar } from './shared/progress-bar.ts';

/** Between two looks for more, milliseconds. */
const pollInterval = 100;

export default class Log extends BaseCommand {
  static override summary =
    'Show an AOF command by command: what was written, where, and when as far as the file says.';
  static override description =
    `One line a command: FILE:OFFSET, the command's number from 1 through all files, the time where the log has #TS: annotations (aof-timestamp-enabled), the database, and the command with its arguments quoted as redis-cli quotes them. An RDB is one line, and so is a damaged region, which is passed over.

--key also shows FLUSHALL, FLUSHDB and SWAPDB, which touch every key. --destructive shows DEL, UNLINK, DELEX, DELIFEQ, GETDEL, FLUSHALL, FLUSHDB, SWAPDB, RENAME (it may replace a key), MIGRATE without COPY, TRIMSLOTS, CLUSTER FLUSHSLOT, FUNCTION FLUSH and DELETE, and an expiry that is not in the future of its annotation.

Exit status: 0 done, 1 a damaged region was met, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override args = {
    path: stringArg({ ignoreStdin: true, description: 'file or folder as for check', required: true }),
  };
  static override flags = {
    key: string({
      char: 'k',
      description: 'only commands that name a key matching this pattern (as of KEYS)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATTERN',
    }),
    command: string({
      char: 'c',
      description: 'only these commands, such as SET, "XGROUP CREATE" or DEL,UNLINK',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME,NAME',
    }),
    db: string({
      description: 'only commands in or on these databases',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'N,N',
    }),
    since: string({ description: 'from this time on: seconds since 1970, or ISO 8601', helpValue: 'TIME' }),
    until: string({ description: 'up to this time', helpValue: 'TIME' }),
    'from-offset': string({ description: 'from this offset on, in FILE if there are several', helpValue: '[FILE:]N' }),
    destructive: boolean({ char: 'd', description: 'only commands that take away keys' }),
    reverse: boolean({ char: 'r', description: 'the last command first' }),
    limit: integer({ char: 'n', description: 'lines at most', min: 0, helpValue: 'N' }),
    follow: boolean({
      char: 'f',
      description: 'show the last lines (10, or --limit) and then what is written, across increments; ends on SIGINT',
      exclusive: ['reverse'],
    }),
    stats: boolean({
      description: 'counts instead of lines: commands, keys, growth, what a rewrite would drop',
      exclusive: ['reverse', 'follow', 'full', 'limit'],
    }),
    full: boolean({ description: 'whole arguments' }),
    ...limitFlags,
    json: boolean({ description: 'a JSON object a line; with --full all bytes can be had back' }),
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'Who deleted this key?',
      command: '<%= config.bin %> <%= command.id %> appendonlydir --key user:17 --destructive --reverse --limit 5',
    },
    {
      description: 'What happened in ten minutes',
      command:
        '<%= config.bin %> <%= command.id %> /var/lib/redis --since 2026-11-20T08:00:00Z --until 2026-11-20T08:10:00Z',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Log);
    // A bar would stand between the lines.
    const bar = await ProgressBar.open(flags.progress && process.stdout.isTTY !== true);
    const filter: LogFilter = {
      keys: flags.key?.map(binaryArgument),
      commands: flags.command?.flatMap((text) => text.split(',')),
      databases: parseDatabases(flags.db ?? []),
      since: flags.since === undefined ? undefined : parseMoment(flags.since, (message) => this.tell(message)),
      until: flags.until === undefined ? undefined : parseMoment(flags.until, (message) => this.tell(message)),
      fromOffset: flags['from-offset'] === undefined ? undefined : parsePlace(flags['from-offset']),
      destructive: flags.destructive,
    };
    if (flags.stats) {
      await this.showStatistics(args.path, filter, bar, flags.json);
      return;
    }
    const lines = flags.json ? new PrintableJsonLines() : undefined;
    const options: LogOptions = {
      ...filter,
      reverse: flags.reverse,
      limit: flags.limit,
      follow: flags.follow ? this.interruptible() : undefined,
      full: flags.full,
      format: flags.json ? 'json' : 'text',
      onOutput: (bytes) => this.writeBytes(lines?.convert(bytes) ?? bytes),
      onProgress: bar.listener,
    };
    const result = await log(args.path, options).finally(() => bar.stop());
    if ((flags.since ?? flags.until) !== undefined && !result.annotated)
      this.tell('the log has no #TS: annotations: no command has a time');
    process.exitCode = result.ok ? ExitCode.sound : ExitCode.problems;
  }

  /** What only statistics need is loaded here, so that lines start at once. */
  private async showStatistics(path: string, filter: LogFilter, bar: ProgressBar, json: boolean): Promise<void> {
    const { logStatistics } = await import('../src/operations/log/statistics.ts');
    const result = await logStatistics(path, { ...filter, onProgress: bar.listener }).finally(() => bar.stop());
    const { escapeBinary } = await import('../src/io/text.ts');
    const escaped = (rows: readonly Frequent[]) =>
      rows.map(({ text, ...rest }) => ({ text: escapeBinary(text, json ? Number.POSITIVE_INFINITY : 60), ...rest }));
    const shown = { ...result, keys: escaped(result.keys), prefixes: escaped(result.prefixes) };
    if (json) await this.json(shown);
    else {
      const { palette } = await import('./shared/palette.ts');
      const { formatLogStatistics } = await import('./shared/report-log.ts');
      const colour = await palette();
      await this.report(shown, (it) => formatLogStatistics(it, colour));
    }
    process.exitCode = result.ok ? ExitCode.sound : ExitCode.problems;
  }

  /** A wait that SIGINT or SIGTERM ends for good. */
  private interruptible(): () => Promise<boolean> {
    let stopped = false;
    let wake = () => {};
    const stop = () => {
      stopped = true;
      wake();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    return () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(!stopped), stopped ? 0 : pollInterval);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
  }
}
