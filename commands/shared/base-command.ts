import { Command } from '@oclif/core/command';
import type { Input, ParserOutput } from '@oclif/core/interfaces';
import { UnreadableError, UnwritableError, UsageError, unreadable } from '../../src/errors.ts';
import { printable, printableLines } from '../../src/io/text.ts';
import { ExitCode } from './exit-code.ts';
import { applyLimits } from './limit-flags.ts';
import { jsonLine, printableResult } from './printing.ts';
import { typedArguments } from './typed-arguments.ts';
import { isParseError, usageMessage } from './usage-message.ts';

export { ExitCode } from './exit-code.ts';

/**
 * Faults of the data that only showed when a value was decoded, told by their names, so that no command loads the readers for them.
 */
const dataFaults = new Set(['FormatError', 'EncodingError']);

/** What a system says of a file that this user may not reach, or that is not what it was: no fault of the program. */
const unreachable = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'EROFS', 'EIO']);

/** Values of flags or arguments, by name. */
type Values = Record<string, unknown>;

/** What every command of aofkit does alike: exit codes, a closed pipe, errors for people. */
export abstract class BaseCommand extends Command {
  /** Runs the command; errors end in a message and process.exitCode. */
  async start(): Promise<void> {
    try {
      await this.init();
      await this.run();
    } catch (error) {
      await this.catch(error as Error);
    }
  }

  override async init(): Promise<void> {
    this.argv = typedArguments(this.argv);
    // Whoever reads our output may stop, as `head` does: that is no error.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(ExitCode.sound);
      throw error;
    });
  }

  /** Reads the flags; those that limit what a run may use apply at once. */
  protected override async parse<F extends Values, B extends Values, A extends Values>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv);
    applyLimits(parsed.flags);
    return parsed;
  }

  /** Writes a text to standard output, all of it before the process goes on. */
  protected async write(text: string): Promise<void> {
    if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }

  /** Writes bytes whose memory is used again once what is returned is settled. */
  protected writeBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Prints the report of a result; `format` gets it with printable text only. */
  protected async report<R>(result: R, format: (shown: R) => string): Promise<void> {
    await this.write(format(printableResult(result)));
  }

  /** The same on standard error. */
  protected reportError<R>(result: R, format: (shown: R) => string): void {
    process.stderr.write(format(printableResult(result)));
  }

  /** Prints a value as one line of JSON. */
  protected async json(value: unknown, replacer?: (key: string, value: unknown) => unknown): Promise<void> {
    await this.write(jsonLine(value, replacer));
  }

  /** A message for people on standard error. */
  protected tell(message: string): void {
    process.stderr.write(`aofkit: ${printable(message)}\n`);
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof UnreadableError || error instanceof UnwritableError)
      this.stop(error.message, ExitCode.unreadable);
    else if (error instanceof UsageError) this.stop(error.message, ExitCode.usage);
    else if (dataFaults.has(error.name)) {
      this.stop(`a value is damaged, "aofkit check" says where: ${error.message}`, ExitCode.problems);
    } else if (isUnreachable(error)) {
      this.stop(unreadable(error.path, error).message, ExitCode.unreadable);
    } else if (isParseError(error)) {
      this.stop(usageMessage(error, this.flagNames()), ExitCode.usage);
      process.stderr.write(`Run "aofkit help ${this.id}" for its arguments, flags and examples.\n`);
    } else {
      const report = error.stack ?? error.message;
      process.stderr.write(`aofkit: this is a bug of aofkit, please report it:\n${printableLines(report)}\n`);
      process.exitCode = ExitCode.bug;
    }
  }

  private flagNames(): string[] {
    return Object.entries(this.ctor.flags).flatMap(([name, flag]) =>
      flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name],
    );
  }

  private stop(message: string, code: ExitCode): void {
    this.tell(message);
    process.exitCode = code;
  }
}

function isUnreachable(error: NodeJS.ErrnoException): error is NodeJS.ErrnoException & { readonly path: string } {
  return error.syscall !== undefined && error.path !== undefined && unreachable.has(error.code ?? '');
}
