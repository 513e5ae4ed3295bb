import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, option, string } from '@oclif/core/flags';
import { UsageError } from '../src/errors.ts';
import { exportKeys } from '../src/operations/export/export.ts';
import {
  type ExportFormat,
  type ExportOptions,
  type ExportResult,
  exportFormats,
} from '../src/operations/export/options.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { parseSize } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { loadingFlags, parseLoading } from './shared/loading-flags.ts';
import { plural } from './shared/numbers.ts';
import { palette } from './shared/palette.ts';
import { formatBytes, ProgressBar } from './shared/progress-bar.ts';
import { formatScanProblems } from './shared/report-scan.ts';
import { parseSelection, selectionFlags } from './shared/selection-flags.ts';
import { StandardOutput } from './shared/standard-output.ts';

export default class Export extends BaseCommand {
  static override summary = 'Write keys and values for other programs: JSON, CSV, Parquet, or commands.';
  static override description =
    `jsonl: an object a key (json: all in one array), with every byte of every value, field TTLs, groups and pending entries of streams. csv: a row a key, RFC 4180. parquet: a table with a row a key, or with --elements a file for each data type with a row an element. resp: the commands that rebuild the keys. docs/export.md has every column.

Texts may be any bytes. --encoding utf8 (default): what is UTF-8 as it is, else {"base64":"..."} in JSON and \\xHH escapes in csv and parquet; base64: all of them in base64; latin1: a character a byte.

Several inputs go into one output one after the other; as Parquet into a folder with a partition each (source=NAME), which DuckDB, Spark and others read as one table.

Exit status: 0 done, 1 damage or commands of unknown effect (what could be read is written, or with --salvage what repair keeps), 2 wrong usage, 3 cannot read or write, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({
      ignoreStdin: true,
      description: 'file or folder as for check; several are allowed',
      required: true,
    }),
  };
  static override flags = {
    output: string({
      char: 'o',
      description: 'file to write, or folder; - for standard output',
      helpValue: 'OUT',
      default: '-',
    }),
    format: option({ options: exportFormats })({
      description: 'format [default: by the name of the output, else jsonl]',
    }),
    elements: boolean({ description: 'of parquet: a file for each data type, a row an element' }),
    encoding: option({ options: ['utf8', 'base64', 'latin1'] as const })({
      description: 'how texts are written',
      default: 'utf8',
    }),
    safe: boolean({ description: 'of csv: put an apostrophe before what a spreadsheet takes for a formula' }),
    'hash-keys': string({ description: 'replace names by the SHA-256 of this salt and the name', helpValue: 'SALT' }),
    'max-value-bytes': string({
      description: 'cut values that are longer, and mark them; of resp: leave out their keys',
      helpValue: 'SIZE',
    }),
    'row-group': integer({ description: 'of parquet: rows of a row group [default: 50000]', min: 1, helpValue: 'N' }),
    target: string({ description: 'of resp: the server version that the commands are for', helpValue: 'NAME' }),
    salvage: boolean({
      description: 'of damaged inputs, take what repair keeps (a copy in the temporary folder is made for it)',
    }),
    json: boolean({ description: 'print the result as one JSON object; needs -o' }),
    force: boolean({ description: 'replace an output that is there' }),
    ...selectionFlags,
    ...loadingFlags,
    ...limitFlags,
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    { description: 'Everything as JSON', command: '<%= config.bin %> <%= command.id %> dump.rdb -o dump.jsonl' },
    {
      description: 'The sessions, for jq',
      command: "<%= config.bin %> <%= command.id %> /var/lib/redis --key 'session:*' | jq .value",
    },
    {
      description: 'What can be saved of a damaged dump',
      command: '<%= config.bin %> <%= command.id %> dump.rdb --salvage -o dump.jsonl',
    },
    {
      description: 'A table of all keys of a fleet, for DuckDB',
      command: '<%= config.bin %> <%= command.id %> shard-*.rdb --format parquet -o keys',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Export);
    const tell = (message: string) => this.tell(message);
    const loading = parseLoading(flags, Date.now(), tell);
    const chooser = new DatasetChooser(flags, tell);
    const isStream = flags.output === '-';
    const format = flags.format ?? formatOf(flags.output);
    if (isStream && format === 'parquet' && (flags.elements || process.stdout.isTTY === true))
      throw new UsageError('Parquet needs an output: -o FILE, or a folder');
    if (isStream && flags.json) throw new UsageError('--json needs -o: standard output has the keys');
    const bar = await ProgressBar.open(flags.progress && !(isStream && process.stdout.isTTY === true));
    const inputs = (argv as string[]).map((path) => chooser.path(path));
    const salvaged = flags.salvage ? await this.salvage(inputs, bar.listener) : undefined;
    const options: ExportOptions = {
      ...loading,
      format,
      output: isStream ? new StandardOutput() : flags.output,
      names: salvaged?.names,
      force: flags.force,
      elements: flags.elements,
      encoding: flags.encoding,
      safe: flags.safe,
      hashSalt: flags['hash-keys'],
      maxValueBytes: flags['max-value-bytes'] === undefined ? undefined : parseSize(flags['max-value-bytes']),
      rowGroup: flags['row-group'],
      target: flags.target,
      select: parseSelection(flags, loading.at),
      onProgress: bar.listener,
    };
    try {
      const result = await exportKeys(salvaged?.paths ?? inputs, options).finally(() => bar.stop());
      await this.tellResult(result, flags.json);
      process.exitCode = result.ok && salvaged?.ok !== false ? ExitCode.sound : ExitCode.problems;
    } finally {
      salvaged?.remove();
    }
  }

  /** Has repair save what it can of damaged inputs; an input of which nothing is left is not exported. */
  private async salvage(inputs: readonly string[], onProgress: ProgressBar['listener']) {
    const { SalvagedInputs } = await import('./shared/salvaged-inputs.ts');
    const { formatPlan } = await import('./shared/report-repair.ts');
    const colour = await palette(process.stderr);
    const salvaged = new SalvagedInputs();
    const paths: string[] = [];
    const names: string[] = [];
    let ok = true;
    for (const input of inputs) {
      const saved = await salvaged.path(
        input,
        (result) => {
          this.reportError(result.plan, (plan) => formatPlan(plan, colour));
          if (!result.ok) this.tell(`${input}: not wholly repaired: ${result.reason ?? 'nothing is left'}`);
        },
        onProgress,
      );
      if (!saved.ok) ok = false;
      if (saved.path === undefined) continue;
      paths.push(saved.path);
      names.push(input);
    }
    return { paths, names, ok, remove: () => salvaged.remove() };
  }

  private async tellResult(result: ExportResult, json: boolean): Promise<void> {
    const colour = await palette(process.stderr);
    for (const input of result.inputs) this.reportError(input, (shown) => formatScanProblems(shown, colour));
    if (json) {
      await this.json(result);
      return;
    }
    const omitted = result.inputs.reduce((sum, { truncated }) => sum + truncated, 0);
    const outcome = result.format === 'resp' ? 'left out' : 'cut';
    if (omitted > 0) this.tell(`${plural(omitted, 'value')} longer than --max-value-bytes ${outcome}`);
    if (result.files.length === 0) return;
    const keys = result.inputs.reduce((sum, { exported }) => sum + exported, 0);
    for (const { path, bytes } of result.files) this.tell(`${path}: ${formatBytes(bytes)}`);
    this.tell(`${plural(keys, 'key')} exported`);
  }
}

/** The format that a name ends in. */
function formatOf(output: string): ExportFormat {
  const extension = /\.([a-z]+)(?:\.gz)?$/.exec(output)?.[1];
  if (extension === 'aof') return 'resp';
  return exportFormats.find((format) => format === extension) ?? 'jsonl';
}
