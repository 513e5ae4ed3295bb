import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, option, string } from '@oclif/core/flags';
import { flavorOfName } from '../src/dataset/flavor-choice.ts';
import { compareMemory, type MemoryComparison } from '../src/operations/memory/compare.ts';
import { type MemoryOptions, type MemoryResult, memoryReport, memoryServers } from '../src/operations/memory/memory.ts';
import { BaseCommand } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { binaryArgument } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { loadingFlags, parseLoading } from './shared/loading-flags.ts';
import { palette } from './shared/palette.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatComparison, formatMemory } from './shared/report-memory.ts';
import { formatScanProblems } from './shared/report-scan.ts';
import { isUnread, runPaths, type Unread } from './shared/run-paths.ts';
import { parseSelection, selectionFlags } from './shared/selection-flags.ts';

const { 'ignore-unknown': ignoreUnknown, at } = loadingFlags;

export default class Memory extends BaseCommand {
  static override summary = 'Show which keys would take how much memory in a server.';
  static override description =
    `An RDB is read once, in memory that does not depend on its size; a log is replayed first. Bytes are estimates of what the server of --server would answer to MEMORY USAGE key SAMPLES 0 after loading with its default settings; docs/memory.md has the measured errors. The report covers types, encodings, databases, prefixes, the largest keys, sizes, times of expiry and of use, and what a server needs in all.

Prefixes end at a separator; digits in them count as *, so that user:1: and user:2: are both user:*:. Sums of prefixes are exact as long as there are no more than 65536 of them; else the report says by how many bytes a prefix may be too small.

--compare shows what differs between a dataset and an earlier one. --html writes one page that needs no network, for several datasets side by side or for such a comparison.

Exit status: 0 done, 1 damage (the report covers what comes before it) or commands of unknown effect, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({
      ignoreStdin: true,
      description: 'file or folder as for check; several are allowed',
      required: true,
    }),
  };
  static override flags = {
    server: option({ options: memoryServers })({
      description: 'the server whose memory is estimated [default: the nearest to the one that wrote the files]',
    }),
    top: integer({ char: 'n', description: 'keys in each list', default: 10, min: 0, max: 10_000, helpValue: 'N' }),
    depth: integer({ description: 'levels of prefixes', default: 3, min: 1, max: 16, helpValue: 'N' }),
    separators: string({
      description: 'characters that end a level of a prefix',
      default: ':.|/',
      helpValue: 'CHARACTERS',
    }),
    prefixes: integer({
      description: 'prefixes listed below each one',
      default: 50,
      min: 1,
      max: 65_536,
      helpValue: 'N',
    }),
    'by-slot': boolean({ description: 'add up keys and bytes by cluster slot, too' }),
    compare: string({ description: 'show the differences from this earlier dataset', helpValue: 'PATH' }),
    html: string({ description: 'write a page to look at in a browser, instead of the report', helpValue: 'FILE' }),
    force: boolean({ description: 'replace a page that is there', dependsOn: ['html'] }),
    json: boolean({ description: 'print one JSON object' }),
    ...selectionFlags,
    at,
    'ignore-unknown': ignoreUnknown,
    ...limitFlags,
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'Where the memory of a server goes that loads this file',
      command: '<%= config.bin %> <%= command.id %> dump.rdb',
    },
    {
      description: 'What the same data would take in another version',
      command: '<%= config.bin %> <%= command.id %> --server valkey-9.1 dump.rdb',
    },
    {
      description: 'As a page: prefixes as areas to go into, tables to sort and search',
      command: '<%= config.bin %> <%= command.id %> dump.rdb --html memory.html',
    },
    {
      description: 'What has grown since Monday',
      command: '<%= config.bin %> <%= command.id %> friday.rdb --compare monday.rdb',
    },
    {
      description: 'Hashes only, by the first level of their names, as JSON',
      command: '<%= config.bin %> <%= command.id %> --type hash --depth 1 --json dump.rdb',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Memory);
    const loading = parseLoading({ ...flags, server: undefined }, Date.now(), (message) => this.tell(message));
    const chooser = new DatasetChooser(flags, (message) => this.tell(message));
    const bar = await ProgressBar.open(flags.progress);
    const [colour, errorColour] = [await palette(), await palette(process.stderr)];
    const options: MemoryOptions = {
      at: loading.at,
      opaque: loading.opaque,
      flavor: flavorOfName(undefined),
      server: flags.server,
      select: parseSelection(flags, loading.at),
      // A page has room for more.
      top: flags.html === undefined ? flags.top : Math.max(flags.top, 200),
      depth: flags.depth,
      separators: binaryArgument(flags.separators),
      prefixes: flags.prefixes,
      slots: flags['by-slot'],
      onProgress: bar.listener,
    };
    const earlier = flags.compare === undefined ? undefined : await memoryReport(chooser.path(flags.compare), options);
    const comparisons: MemoryComparison[] = [];
    const { results, exitCode } = await runPaths(
      argv as string[],
      async (path): Promise<MemoryResult> =>
        // Estimates of two datasets are compared for the same server.
        memoryReport(chooser.path(path), earlier === undefined ? options : { ...options, server: earlier.server }),
      async (result) => {
        bar.stop();
        if (isUnread(result)) {
          if (!flags.json) this.tell(result.error.message);
          return;
        }
        const comparison = earlier && compareMemory(earlier, result);
        if (comparison !== undefined) comparisons.push(comparison);
        if (flags.json || flags.html !== undefined) {
          if (!flags.json) this.reportError(result, (shown) => formatScanProblems(shown, errorColour));
          return;
        }
        if (comparison !== undefined)
          await this.report(comparison, (shown) => formatComparison(shown, flags.top, colour));
        else await this.report(result, (shown) => formatMemory(shown, flags.top, colour));
        this.reportError(result, (shown) => formatScanProblems(shown, errorColour));
      },
    );
    bar.stop();
    const isBroken = earlier?.ok === false;
    if (isBroken && !flags.json) this.reportError(earlier, (shown) => formatScanProblems(shown, errorColour));
    const status = exitCode === 0 && isBroken ? 1 : exitCode;
    if (flags.html !== undefined) await this.writePage(flags.html, results, earlier, flags.force);
    if (flags.json)
      await this.json({
        ok: status === 0,
        results,
        ...(earlier && { earlier, comparisons }),
        chosen: chooser.chosen,
      });
    process.exitCode = status;
  }
  /** Of a comparison the page has the first dataset and the earlier one. */
  private async writePage(
    path: string,
    results: readonly (MemoryResult | Unread)[],
    earlier: MemoryResult | undefined,
    force: boolean,
  ): Promise<void> {
    const { writeMemoryPage } = await import('../src/operations/memory/page/write-page.ts');
    const read = results.filter((result): result is MemoryResult => !isUnread(result));
    if (read.length === 0) return;
    const reports = earlier === undefined ? read : [read[0], earlier];
    writeMemoryPage(path, reports, { isComparison: earlier !== undefined, force });
    this.tell(`${path}: open it in a browser`);
  }
}
