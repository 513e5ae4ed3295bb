import { string as stringArg } from '@oclif/core/args';
import { boolean, integer } from '@oclif/core/flags';
import { check } from '../src/operations/check/check.ts';
import { BaseCommand } from './shared/base-command.ts';
import { folderFlags } from './shared/folder-flags.ts';
import { repairCommands } from './shared/next-command.ts';
import { palette } from './shared/palette.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatCheck } from './shared/report.ts';
import { isUnread, runPaths } from './shared/run-paths.ts';

export default class Check extends BaseCommand {
  static override summary = 'Check whether AOF and RDB files are sound, and if not, say what is wrong and where.';
  static override description =
    `PATH is a file (RDB, AOF, AOF with an RDB preamble, manifest; plain or gzip), the folder of a multi-part AOF, a data folder that holds any of these, or - for standard input.

Exit status: 0 all sound (warnings do not count), 1 problems found, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({ ignoreStdin: true, description: 'what to check; several are allowed', required: true }),
  };
  static override flags = {
    json: boolean({
      description:
        'print one JSON object: {"ok", "results": [{"path", "layout", "ok", "files", "passedOver", "findings", "summary"}]}',
    }),
    limit: integer({
      description: 'findings to show for each path; all are counted',
      default: 100,
      min: 1,
      helpValue: 'N',
    }),
    strict: boolean({ description: 'let warnings count as problems' }),
    ...folderFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'The data folder of a server that does not start',
      command: '<%= config.bin %> <%= command.id %> /var/lib/redis',
    },
    {
      description: "Last night's backups, for a script",
      command: '<%= config.bin %> <%= command.id %> --json backup/*.rdb.gz',
    },
    {
      description: 'What comes from somewhere else',
      command: 'ssh host cat dump.rdb | <%= config.bin %> <%= command.id %> -',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Check);
    const colour = await palette();
    const bar = await ProgressBar.open(flags.progress);
    const seed = Math.floor(Math.random() * 2 ** 32);
    const options = {
      limit: flags.limit,
      seed,
      at: Date.now(),
      recursive: flags.recursive,
      allowEmpty: flags['allow-empty'],
      onProgress: bar.listener,
    };
    const { results, exitCode } = await runPaths(
      argv as string[],
      async (path) => {
        const result = await check(path, options);
        return flags.strict && result.summary.warnings > 0 ? { ...result, ok: false } : result;
      },
      async (result) => {
        bar.stop();
        if (flags.json) return;
        if (isUnread(result)) this.tell(result.error.message);
        else await this.report(result, (shown) => formatCheck(shown, repairCommands(result), colour));
      },
    );
    if (flags.json) await this.json({ ok: exitCode === 0, results });
    process.exitCode = exitCode;
  }
}
