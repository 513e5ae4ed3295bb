/*
 * Writes docs/flags.md: every flag of every command, from the commands themselves.
 *
 *     npx tsx scripts/generate-flags.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandNames } from '../commands/shared/program.ts';

const repository = join(import.meta.dirname, '..');

interface Flag {
  readonly char?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly options?: readonly string[];
  readonly helpValue?: string | readonly string[];
  readonly hidden?: boolean;
  readonly allowNo?: boolean;
  readonly type: 'boolean' | 'option';
}

/** The page's text. */
export async function flagsPage(): Promise<string> {
  const sections = await Promise.all(commandNames.map(section));
  return `# Flags of every command

Written by \`npm run generate:flags\` from the commands; \`aofkit help COMMAND\` shows the same, with arguments and examples.

${sections.join('\n')}`;
}

async function section(name: string): Promise<string> {
  const { default: command } = await import(join(repository, 'commands', `${name}.ts`));
  const flags = Object.entries<Flag>({ ...command.baseFlags, ...command.flags }).filter(([, { hidden }]) => !hidden);
  const rows = flags.sort(([a], [b]) => (a < b ? -1 : 1)).map(([flag, about]) => row(flag, about));
  return `## ${name}\n\n| flag | effect |\n|---|---|\n${rows.join('')}`;
}

function row(name: string, { char, summary, description, options, helpValue, allowNo, type }: Flag): string {
  const value =
    type === 'boolean' ? '' : ` ${options?.join('|') ?? [helpValue ?? name.toUpperCase()].flat().join(' ')}`;
  const names = [
    ...(char === undefined ? [] : [`-${char}`]),
    `--${name}${value}`,
    ...(allowNo ? [`--no-${name}`] : []),
  ];
  const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
  return `| ${names.map((one) => `\`${cell(one)}\``).join(', ')} | ${cell(summary ?? description ?? '')} |\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(repository, 'docs', 'flags.md'), await flagsPage());
