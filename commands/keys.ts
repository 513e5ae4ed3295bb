import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, option, string } from '@oclif/core/flags';
import { UsageError } from '../src/errors.ts';
import { type ColumnName, columnNames } from '../src/operations/keys/key-row.ts';
import { type KeysResult, listKeys } from '../src/operations/keys/keys.ts';
import { type RowFormat, rowFormats } from '../src/operations/keys/row-writer.ts';
import { BaseCommand } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { loadingFlags, parseLoading } from './shared/loading-flags.ts';
import { palette } from './shared/palette.ts';
import { PrintableJsonLines } from './shared/printing.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatScanProblems } from './shared/report-scan.ts';
import { isUnread, runPaths } from './shared/run-paths.ts';
import { parseSelection, selectionFlags } from './shared/selection-flags.ts';

const columnsDefault: readonly ColumnName[] = ['db', 'type', 'encoding', 'elements', 'bytes', 'ttl', 'key'];

export default class Keys extends BaseCommand {
  static override summary = 'List the keys of a dataset, one line a key.';
  static override description =
    `An RDB is read in constant memory, in the order of the file; a log is replayed first. Keys that are past their time are listed too, with a negative ttl, unless --drop-expired.

Columns: ${columnNames.join(', ')}. elements: bytes of a string, fields of a hash, members, entries. bytes: what the key takes in the memory of a server, by estimate. ttl: seconds left; expiry: milliseconds since 1970. encoding: of the form in the file, as OBJECT ENCODING names it. offset and length: where the key lies in its RDB; nothing for a key that commands made.

--sort puts sizes and counts with the largest first, everything else in ascending order; with --limit it takes memory for so many rows only.

In a table, csv and tsv a name is UTF-8 with \\xHH for what is not printable and a doubled backslash; in jsonl a name that is not UTF-8 is {"base64": "..."}.

Exit status: 0 done, 1 damage or commands of unknown effect, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({
      ignoreStdin: true,
      description: 'file or folder as for check; several are allowed',
      required: true,
    }),
  };
  static override flags = {
    columns: string({ description: `columns to show [default: ${columnsDefault.join(',')}]`, helpValue: 'NAME,NAME' }),
    sort: option({ options: columnNames })({ description: 'sort by this column' }),
    reverse: boolean({ char: 'r', description: 'sort the other way round', dependsOn: ['sort'] }),
    limit: integer({ char: 'n', description: 'keys to show', min: 0, helpValue: 'N' }),
    format: option({ options: rowFormats })({
      description: 'form of the lines [default: table on a terminal, else tsv]',
    }),
    heading: boolean({ description: 'begin with the names of the columns', default: true, allowNo: true }),
    ...selectionFlags,
    ...loadingFlags,
    ...limitFlags,
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'The twenty largest keys',
      command: '<%= config.bin %> <%= command.id %> dump.rdb --sort bytes --limit 20',
    },
    {
      description: 'Sessions that never expire, as JSON',
      command: "<%= config.bin %> <%= command.id %> /var/lib/redis --key 'session:*' --no-ttl --format jsonl",
    },
    {
      description: 'Hashes with more than a million fields, by name and offset',
      command:
        '<%= config.bin %> <%= command.id %> dump.rdb -t hash --min-elements 1000000 --columns key,elements,offset',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Keys);
    const now = Date.now();
    const loading = parseLoading(flags, now, (message) => this.tell(message));
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const format: RowFormat = flags.format ?? (process.stdout.isTTY === true ? 'table' : 'tsv');
    if (format === 'parquet') refuseParquet((argv as string[]).length);
    const columns = parseColumns(flags.columns, (argv as string[]).length > 1);
    const bar = await ProgressBar.open(flags.progress && process.stdout.isTTY !== true);
    const lines = format === 'jsonl' ? new PrintableJsonLines() : undefined;
    const colour = await palette(process.stderr);
    let heading = flags.heading;
    const { exitCode } = await runPaths(
      argv as string[],
      async (path): Promise<KeysResult> =>
        listKeys(chooser.path(path), {
          ...loading,
          columns,
          format,
          heading,
          select: parseSelection(flags, loading.at),
          sort: flags.sort,
          reverse: flags.reverse,
          limit: flags.limit,
          onOutput: (bytes) => this.writeBytes(lines?.convert(bytes) ?? bytes),
          onProgress: bar.listener,
        }),
      async (result) => {
        bar.stop();
        heading = false;
        if (isUnread(result)) this.tell(result.error.message);
        else this.reportError(result, (shown) => formatScanProblems(shown, colour));
      },
    );
    process.exitCode = exitCode;
  }
}

/** Throws UsageError. */
function parseColumns(text: string | undefined, isSeveral: boolean): readonly ColumnName[] {
  if (text === undefined) return isSeveral ? [...columnsDefault, 'file'] : columnsDefault;
  return text.split(',').map((name) => {
    const column = columnNames.find((known) => known === name.trim());
    if (column === undefined) throw new UsageError(`no column is called ${name}: ${columnNames.join(', ')}`);
    return column;
  });
}

/** A Parquet file is one of one table, and not for a terminal. Throws UsageError. */
function refuseParquet(paths: number): void {
  if (process.stdout.isTTY === true)
    throw new UsageError('Parquet is not for a terminal: say where it goes, > keys.parquet');
  if (paths > 1) throw new UsageError('one dataset at a time: "aofkit export" writes several as one Parquet table');
}
