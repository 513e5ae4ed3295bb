import { string as stringArg } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { boot } from '../src/operations/boot/boot.ts';
import type { BootResult } from '../src/operations/boot/outcome.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { parseMoment } from './shared/flags.ts';
import { limitFlags } from './shared/limit-flags.ts';
import { convertCommand } from './shared/next-command.ts';
import { palette } from './shared/palette.ts';
import { ProgressBar } from './shared/progress-bar.ts';
import { formatBoot } from './shared/report-boot.ts';

export default class Boot extends BaseCommand {
  static override summary =
    'Tell what a server would do at start-up with the files of a data folder. Nothing is written.';
  static override description =
    `Which files it reads and in which order, what it changes on the disk (an old AOF that is moved, a tail that is cut, a new manifest), whether it starts, what it logs, how many keys it holds, what data lies there unused, and what a crash could cost by its settings.

DIR stands for the setting dir. Settings come from --conf (include lines are followed) and then from --set; without both they are the server's defaults, of which the first is appendonly no.

Exit status: 0 every server that was asked for starts with all the data that is there, 1 not, 2 wrong usage, 3 cannot read, 70 a bug of aofkit.`;
  static override args = { dir: stringArg({ description: 'the data folder', required: true }) };
  static override flags = {
    conf: string({ description: 'the configuration file of the server', helpValue: 'FILE' }),
    server: string({
      description: 'server generation, such as redis-7.2, redis-8.6 or valkey-9.1; may be given several times',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      default: ['redis-8.6'],
    }),
    set: string({
      description: 'a setting as a line of the configuration: "appendonly yes"',
      helpValue: 'LINE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    at: string({ description: 'the moment of the start: seconds since 1970, or ISO 8601', helpValue: 'TIME' }),
    ...limitFlags,
    json: boolean({ description: 'print one JSON object' }),
    progress: boolean({ description: 'show a progress bar on a terminal', default: true, allowNo: true }),
  };
  static override examples = [
    {
      description: 'Will it start, and with which data?',
      command: '<%= config.bin %> <%= command.id %> /var/lib/redis --conf /etc/redis/redis.conf',
    },
    {
      description: 'And after an upgrade, or a change to the other fork?',
      command:
        '<%= config.bin %> <%= command.id %> /var/lib/redis --set "appendonly yes" --server redis-7.2 --server valkey-9.1',
    },
  ];

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Boot);
    const bar = await ProgressBar.open(flags.progress);
    const at = flags.at === undefined ? Date.now() : parseMoment(flags.at, (message) => this.tell(message));
    const results: BootResult[] = [];
    try {
      for (const server of flags.server) {
        const options = { server, configuration: flags.conf, settings: flags.set, at, onProgress: bar.listener };
        results.push(await boot(args.dir, { ...options, seed: Math.floor(Math.random() * 2 ** 32) }));
      }
    } finally {
      bar.stop();
    }
    const ok = results.every((result) => result.ok);
    if (flags.json) await this.json({ ok, results });
    else {
      const colour = await palette();
      for (const result of results)
        await this.report(result, (shown) => formatBoot(shown, convertCommand(result), colour));
    }
    process.exitCode = ok ? ExitCode.sound : ExitCode.problems;
  }
}
