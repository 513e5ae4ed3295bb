import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { escapeBinary } from '../src/io/text.ts';
import { type DigestResult, digest } from '../src/operations/digest/digest.ts';
import { BaseCommand } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { loadingFlags, parseLoading } from './shared/loading-flags.ts';
import { type Palette, palette } from './shared/palette.ts';
import { checksumLine } from './shared/printing.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatDigestProblems } from './shared/report-rewrite.ts';
import { isUnread, runPaths } from './shared/run-paths.ts';

export default class Digest extends BaseCommand {
  static override summary =
    'Print the digest of a dataset: equal datasets have equal digests, whatever files they are in.';
  static override description =
    `The digest is the one of DEBUG DIGEST of a server that has loaded the same path: 40 hex digits, two spaces, the path, like sha1sum. A torn tail is dropped, as a server does by default (aof-load-truncated). Versions count some values differently (scores up to 7.0, fields that expire): the rules are those of the server that an RDB at the front of the files names as its writer, and of Redis 8 where none does; --server (once --flavor) chooses others.

Keys that are past their time count where a server that has just loaded the files still holds them, as from an AOF; a line on standard error then says how many there are, since a running server removes them bit by bit. --drop-expired leaves them out.

--per-key prints a line a key: its digest (equal to DEBUG DIGEST-VALUE), the database, the key.

Exit status: 0 done, 1 it cannot be loaded, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({
      ignoreStdin: true,
      description: 'file or folder as for check; several are allowed',
      required: true,
    }),
  };
  static override flags = {
    ...limitFlags,
    json: boolean({ description: 'print one JSON object, with key counts per database and type' }),
    ...loadingFlags,
    'drop-expired': boolean({ description: 'leave out keys, and fields of hashes, that are past their time' }),
    'per-key': boolean({ description: 'print the digest of each key' }),
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'Are these backups the same?',
      command: '<%= config.bin %> <%= command.id %> monday.rdb appendonlydir',
    },
    {
      description: 'As a server of another version counts it',
      command: '<%= config.bin %> <%= command.id %> --server valkey-9 dump.rdb',
    },
    {
      description: 'Which keys differ',
      command:
        'diff <(<%= config.bin %> <%= command.id %> --per-key a.rdb | sort) <(<%= config.bin %> <%= command.id %> --per-key b.rdb | sort)',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Digest);
    const colour = await palette(process.stderr);
    const bar = await ProgressBar.open(flags.progress);
    const loading = parseLoading(flags, Date.now(), (message) => this.tell(message));
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const lines: string[] = [];
    const onKey = (database: number, key: string, value: string) => {
      lines.push(`${value}  ${database}  ${escapeBinary(key, Number.POSITIVE_INFINITY)}\n`);
      return lines.length >= 1000 ? this.write(lines.splice(0).join('')) : undefined;
    };
    const { results, exitCode } = await runPaths(
      argv as string[],
      async (path) =>
        digest(chooser.path(path), {
          ...loading,
          dropExpired: flags['drop-expired'],
          onProgress: bar.listener,
          onKey: flags['per-key'] && !flags.json ? onKey : undefined,
        }),
      async (result) => {
        bar.stop();
        await this.write(lines.splice(0).join(''));
        if (flags.json) return;
        if (isUnread(result)) this.tell(result.error.message);
        else await this.show(result, flags, colour);
      },
    );
    if (flags.json) await this.json({ ok: exitCode === 0, results, chosen: chooser.chosen });
    process.exitCode = exitCode;
  }

  private async show(
    result: DigestResult,
    flags: { readonly 'per-key': boolean; readonly flavor?: string; readonly server?: string },
    colour: Palette,
  ): Promise<void> {
    if (result.digest !== undefined && !flags['per-key']) await this.write(checksumLine(result.digest, result.path));
    this.reportError(result, (shown) =>
      formatDigestProblems(shown, (flags.server ?? flags.flavor) !== undefined, colour),
    );
  }
}
