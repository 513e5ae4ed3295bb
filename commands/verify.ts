import { string as stringArg } from '@oclif/core/args';
import { boolean, integer } from '@oclif/core/flags';
import { verify } from '../src/operations/verify/verify.ts';
import { BaseCommand } from './shared/base-command.ts';
import { folderFlags } from './shared/folder-flags.ts';
import { palette } from './shared/palette.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatVerify } from './shared/report.ts';
import { isUnread, runPaths } from './shared/run-paths.ts';

export default class Verify extends BaseCommand {
  static override summary = 'Verify the CRC-64 checksum of RDB files, and of the RDB in hybrid and multi-part AOFs.';
  static override description =
    `Each file gets a line: the state (ok, mismatch, disabled: saved with rdbchecksum no, absent: a version before 5, unchecked: its end was not found, none: no RDB in it), the stored checksum, the path.

Exit status: 0 no mismatch, 1 problems found, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    path: stringArg({
      ignoreStdin: true,
      description: 'file or folder as for check; several are allowed',
      required: true,
    }),
  };
  static override flags = {
    json: boolean({
      description:
        'print one JSON object: {"ok", "results": [{"path", "layout", "ok", "files", "passedOver", "findings", "summary"}]}',
    }),
    quick: boolean({
      description: 'sum up the bytes of RDB files in parallel; parse only those that do not end with that sum',
    }),
    workers: integer({ description: 'threads for --quick', default: 2, min: 1, max: 64, helpValue: 'N' }),
    ...folderFlags,
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    { description: 'One file', command: '<%= config.bin %> <%= command.id %> dump.rdb' },
    {
      description: 'A large backup, as fast as two cores go',
      command: '<%= config.bin %> <%= command.id %> --quick dump.rdb',
    },
    { description: 'All of a data folder', command: '<%= config.bin %> <%= command.id %> --json /var/lib/redis' },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Verify);
    const colour = await palette();
    const bar = await ProgressBar.open(flags.progress);
    const options = {
      quick: flags.quick,
      workers: flags.workers,
      recursive: flags.recursive,
      allowEmpty: flags['allow-empty'],
      onProgress: bar.listener,
    };
    const { results, exitCode } = await runPaths(
      argv as string[],
      (path) => verify(path, options),
      async (result) => {
        bar.stop();
        if (flags.json) return;
        if (isUnread(result)) this.tell(result.error.message);
        else await this.report(result, (shown) => formatVerify(shown, colour));
      },
    );
    if (flags.json) await this.json({ ok: exitCode === 0, results });
    process.exitCode = exitCode;
  }
}
