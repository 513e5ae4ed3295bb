import { string as stringArg } from '@oclif/core/args';
import { boolean, integer } from '@oclif/core/flags';
import { targetOfName } from '../src/dataset/flavor-choice.ts';
import { UsageError } from '../src/errors.ts';
import type { Key } from '../src/index.ts';
import { printableJson } from '../src/io/text.ts';
import { type GetResult, getKey } from '../src/operations/get/get.ts';
import type { KeyChange } from '../src/operations/get/history.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { DatasetChooser, datasetFlags } from './shared/dataset-flags.ts';
import { binaryArgument } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { loadingFlags, parseLoading } from './shared/loading-flags.ts';
import { palette } from './shared/palette.ts';
import { parsePoint, pointFlags } from './shared/point-in-time.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatChange, formatKey, rawValue } from './shared/report-key.ts';
import { formatScanProblems } from './shared/report-scan.ts';

export default class Get extends BaseCommand {
  static override summary = 'Show one key of a dataset, as it is or as it was at an earlier point of its log.';
  static override description =
    `The value is shown as redis-cli shows it, with the expiry of fields and the groups of a stream. In KEY, \\xHH stands for any byte.

--raw gives the bytes: of a string as they are, of others an element a line. --dump gives what DUMP would answer, for RESTORE: of a value that commands made, for the server version of --server.

--history shows every command of the log that changed the key, with the value after each; a transaction is one change. The flags that end a log at a point (as of restore) show the key as it was there.

Exit status: 0 found, 1 no such key, or damage, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override args = {
    path: stringArg({ ignoreStdin: true, description: 'file or folder as for check', required: true }),
    key: stringArg({ ignoreStdin: true, description: 'name of the key', required: true }),
  };
  static override flags = {
    db: integer({ char: 'd', description: 'database [default: all; 0 with --history]', min: 0, helpValue: 'N' }),
    json: boolean({ description: 'a JSON object a key (or change)', exclusive: ['raw', 'dump'] }),
    raw: boolean({ description: 'the bytes of the value', exclusive: ['dump', 'history'] }),
    dump: boolean({ description: 'the payload of DUMP', exclusive: ['history'] }),
    history: boolean({ description: 'every command that changed the key, with the value after each' }),
    ...pointFlags,
    force: boolean({ description: 'take a point in time that the times of the log do not reach' }),
    ...loadingFlags,
    ...limitFlags,
    ...datasetFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    { description: 'What does this key hold?', command: '<%= config.bin %> <%= command.id %> dump.rdb user:17' },
    {
      description: 'What did it hold before the last FLUSHALL?',
      command: '<%= config.bin %> <%= command.id %> appendonlydir user:17 --before-last FLUSHALL',
    },
    {
      description: 'How did it come to that?',
      command: '<%= config.bin %> <%= command.id %> appendonlydir user:17 --history',
    },
    {
      description: 'Put one key of a backup into a running server',
      command: '<%= config.bin %> <%= command.id %> dump.rdb user:17 --dump | redis-cli -x RESTORE user:17 0',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Get);
    const tell = (message: string) => this.tell(message);
    const loading = parseLoading(flags, Date.now(), tell);
    const path = new DatasetChooser(flags, tell).path(args.path);
    const bar = await ProgressBar.open(flags.progress && process.stdout.isTTY !== true);
    const options = {
      ...loading,
      point: parsePoint(flags, tell),
      force: flags.force,
      target: flags.server === undefined ? undefined : targetOfName(flags.server),
      onProgress: bar.listener,
    };
    const name = Buffer.from(binaryArgument(args.key), 'latin1');
    if (flags.history) {
      await this.showHistory(path, name, { ...options, database: flags.db ?? 0 }, flags.json).finally(() => bar.stop());
      return;
    }
    const result = await getKey(path, name, { ...options, database: flags.db, json: flags.json }).finally(() =>
      bar.stop(),
    );
    if (flags.json) for (const line of result.json) await this.write(`${printableJson(line)}\n`);
    else for (const key of result.found) await this.show(key, result, flags, loading.at);
    const colour = await palette(process.stderr);
    this.reportError(result, (shown) => formatScanProblems(shown, colour));
    if (result.ok && result.found.length === 0) this.tell(`no key ${args.key} in ${path}`);
    process.exitCode = result.ok && result.found.length > 0 ? ExitCode.sound : ExitCode.problems;
  }

  private async show(
    key: Key,
    { found }: GetResult,
    flags: { readonly raw: boolean; readonly dump: boolean },
    at: number,
  ): Promise<void> {
    if (found.length > 1 && (flags.raw || flags.dump))
      throw new UsageError(`${found.length} databases have this key: name one with --db`);
    if (flags.dump) {
      if (key.raw === undefined)
        throw new UsageError('only a server can serialize a vector set that commands have made');
      await this.writeBytes(key.raw.dump());
    } else if (flags.raw && key.value !== undefined) await this.writeBytes(rawValue(key.value));
    else await this.write(formatKey(key, await palette(), at));
  }

  private async showHistory(
    path: string,
    name: Buffer,
    options: Parameters<typeof getKey>[2] & { readonly database: number },
    json: boolean,
  ): Promise<void> {
    const { keyHistory } = await import('../src/operations/get/history.ts');
    const colour = await palette();
    const changes: KeyChange[] = [];
    const flush = async () => {
      for (const change of changes.splice(0)) {
        if (change.json !== undefined) await this.write(`${printableJson(change.json)}\n`);
        else await this.write(formatChange(change, colour, options.at));
      }
    };
    const result = await keyHistory(path, name, {
      ...options,
      json,
      onChange: (change) => changes.push(change),
      pause: flush,
    });
    await flush();
    const errorColour = await palette(process.stderr);
    this.reportError(result, (shown) => formatScanProblems(shown, errorColour));
    if (result.ok && result.changes === 0)
      this.tell(`the log has no command that changed this key in database ${options.database}`);
    process.exitCode = result.ok && result.changes > 0 ? ExitCode.sound : ExitCode.problems;
  }
}
