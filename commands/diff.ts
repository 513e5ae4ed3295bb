import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import type { DifferentKey, DiffOptions } from '../src/index.ts';
import { diff } from '../src/operations/diff/diff.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { binaryArgument, parseDatabases } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { loadingFlags, parseLoading } from './shared/loading-flags.ts';
import { palette } from './shared/palette.ts';
import { jsonLine } from './shared/printing.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import {
  diffKeyJson,
  formatDiffKey,
  formatDiffResult,
  formatUnloaded,
  withLibrariesAsText,
} from './shared/report-diff.ts';

export default class Diff extends BaseCommand {
  static override summary = 'Compare two datasets key by key, whatever files they are in.';
  static override description =
    `Equal datasets are recognised by their digest alone. Else a line a key: "<" only in A, ">" only in B, "!" in both and different, with the type and the first place where the values differ.

The digest knows whether a key expires and not when: --ttl compares the moments. It does not cover the groups and counters of streams and most values of modules: --deep compares those. Function libraries are always compared.

Exit status: 0 equal, 1 different, 2 wrong usage, 3 one of them cannot be read or loaded, 70 a bug of aofkit.`;
  static override args = {
    a: stringArg({ ignoreStdin: true, description: 'file or folder as for check', required: true }),
    b: stringArg({ ignoreStdin: true, description: 'the same', required: true }),
  };
  static override flags = {
    ttl: boolean({ description: 'compare when keys and hash fields expire' }),
    deep: boolean({ description: 'compare what no digest covers: state of streams, values of modules' }),
    db: string({
      description: 'compare only these databases',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'N,N',
    }),
    key: string({
      char: 'k',
      description: 'compare only keys that match this pattern (as of KEYS)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATTERN',
    }),
    limit: integer({ char: 'n', description: 'keys to show; all are counted', min: 0, helpValue: 'N' }),
    ...loadingFlags,
    ...limitFlags,
    json: boolean({ description: 'a JSON object a key, and a last one with the totals' }),
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'Did the rewrite lose anything?',
      command: '<%= config.bin %> <%= command.id %> appendonlydir compact.aof',
    },
    {
      description: 'What changed since last night, in one database',
      command: '<%= config.bin %> <%= command.id %> --db 0 --ttl backup/dump.rdb /var/lib/redis/dump.rdb',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Diff);
    const colour = await palette();
    const bar = await ProgressBar.open(flags.progress && process.stdout.isTTY !== true);
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const lines: string[] = [];
    const onKey = (key: DifferentKey) => {
      lines.push(flags.json ? jsonLine(diffKeyJson(key)) : formatDiffKey(key, colour));
      return lines.length >= 500 ? this.write(lines.splice(0).join('')) : undefined;
    };
    const options: DiffOptions = {
      ...parseLoading(flags, Date.now(), (message) => this.tell(message)),
      ttl: flags.ttl,
      deep: flags.deep,
      filter: { databases: parseDatabases(flags.db ?? []), patterns: flags.key?.map(binaryArgument) },
      limit: flags.limit,
      onKey,
      onProgress: bar.listener,
    };
    const result = withLibrariesAsText(
      await diff(chooser.path(args.a), chooser.path(args.b), options).finally(() => bar.stop()),
    );
    await this.write(lines.splice(0).join(''));
    if (flags.json) await this.json({ kind: 'result', ...result, chosen: chooser.chosen });
    else if (result.ok) await this.report(result, (shown) => formatDiffResult(shown, flags.limit, colour));
    if (!result.ok) {
      const errorColour = await palette(process.stderr);
      this.reportError(result, (shown) => formatUnloaded(shown, errorColour));
    }
    process.exitCode = result.ok ? (result.equal ? ExitCode.sound : ExitCode.problems) : ExitCode.unreadable;
  }
}
