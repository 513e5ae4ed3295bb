import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { codesLike, type Explanation, explain, explanations } from '../src/operations/explain/explain.ts';
import { BaseCommand, ExitCode } from './shared/base-command.ts';
import { type Palette, palette } from './shared/palette.ts';
import { suggestion } from './shared/suggestion.ts';

export default class Explain extends BaseCommand {
  static override summary = 'Say what a finding, or a line of a server’s log, means and what to do.';
  static override description =
    `A code of a finding (aof.truncated) is explained as check explains it. Of a line of a server's log, every finding is told that makes a server write it: which of them it is, check says. Without an argument all codes are listed.

Exit status: 0 explained, 1 nothing is known of it, 2 wrong usage, 70 a bug of aofkit.`;
  static override strict = false;
  static override args = {
    text: stringArg({ ignoreStdin: true, description: 'a code, or a line of a log in quotes', required: false }),
  };
  static override flags = {
    json: boolean({ description: 'print one JSON array' }),
  };
  static override examples = [
    { description: 'What does this finding mean?', command: '<%= config.bin %> <%= command.id %> aof.truncated' },
    {
      description: 'Why does the server not start?',
      command:
        '<%= config.bin %> <%= command.id %> "Bad file format reading the append only file: make a backup of your AOF file, then use ./redis-check-aof --fix <filename>"',
    },
  ];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Explain);
    const text = (argv as string[]).join(' ');
    const found = text === '' ? explanations() : explain(text);
    const colour = await palette();
    if (flags.json) await this.json(found);
    else if (text === '') await this.report(found, (shown) => listed(shown, colour));
    else await this.report(found, (shown) => explained(shown, colour));
    if (found.length === 0) this.tellUnknown(text);
    process.exitCode = found.length > 0 ? ExitCode.sound : ExitCode.problems;
  }

  private tellUnknown(text: string): void {
    const codes = codesLike('');
    const near = suggestion(text, codes);
    const hint = near === undefined ? '"aofkit explain" lists all codes' : `did you mean ${near}?`;
    this.tell(`nothing is known of ${text}: ${hint}; "aofkit check PATH" looks at the files themselves`);
  }
}

const listed = (all: readonly Explanation[], colour: Palette): string =>
  `${all.map(({ code, message }) => `${colour.bold(code)}  ${message}`).join('\n')}\n`;

function explained(found: readonly Explanation[], colour: Palette): string {
  const heading = found.length > 1 ? `${found.length} findings make a server log this:\n\n` : '';
  return `${heading}${found.map((one) => explanation(one, colour)).join('\n')}`;
}

function explanation(
  { code, severity, message, advice, repairable, unsupported }: Explanation,
  colour: Palette,
): string {
  const next = unsupported
    ? 'It is left alone: repair changes nothing of it.'
    : repairable
      ? 'aofkit repair PATH shows what can be done; --in-place does it, and keeps a backup.'
      : 'aofkit check PATH says where it is.';
  return `${colour.bold(code)}  ${severity}: ${message}\n    ${advice}\n    ${next}\n`;
}
