import { Command } from '@oclif/core/command';
import { UnreadableError, UnwritableError, UsageError } from '../../src/errors.ts';

/** Exit codes that scripts can trust. */
export const ExitCode = { sound: 0, problems: 1, usage: 2, unreadable: 3, bug: 70 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * Faults of the data that only showed when a value was decoded, told by their names, so that no command loads the readers for them.
 */
const dataFaults = new Set(['RdbFault', 'FlawError']);

/** What every command of aofkit does alike: exit codes, a closed pipe, errors for people. */
export abstract class BaseCommand extends Command {
  override async init(): Promise<void> {
    await super.init();
    // Whoever reads our output may stop, as `head` does: that is no error.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(ExitCode.sound);
      throw error;
    });
  }

  /** Writes a text to standard output, all of it before the process goes on. */
  protected async write(text: string): Promise<void> {
    if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }

  protected override async catch(error: Error & { exitCode?: number; oclif?: { exit?: number } }): Promise<void> {
    if (error instanceof UnreadableError || error instanceof UnwritableError)
      this.stop(error.message, ExitCode.unreadable);
    else if (error instanceof UsageError) this.stop(error.message, ExitCode.usage);
    else if (dataFaults.has(error.name)) {
      this.stop(`a value is damaged, "aofkit check" says where: ${error.message}`, ExitCode.problems);
    } else if (error.oclif?.exit !== undefined) throw error;
    else {
      const report = error.stack ?? error.message;
      this.stop(`this is a bug of aofkit, please report it:\n${report}`, ExitCode.bug);
    }
  }

  private stop(message: string, code: ExitCode): void {
    process.stderr.write(`aofkit: ${message}\n`);
    process.exitCode = code;
  }
}
