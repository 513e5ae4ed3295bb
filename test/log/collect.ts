/* Runs `log` and gathers what it writes; makes small logs. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { LogSettings } from '../../src/aof/log/options.ts';
import type { LogResult } from '../../src/index.ts';
import { log } from '../../src/operations/log/log.ts';
import { temporaryDir } from '../support/server-process.ts';

export async function collect(
  path: string,
  options: Omit<LogSettings, 'onOutput'> = {},
): Promise<{ text: string; lines: string[]; result: LogResult }> {
  const chunks: Buffer[] = [];
  const result = await log(path, { ...options, onOutput: (bytes) => void chunks.push(Buffer.from(bytes)) });
  const text = Buffer.concat(chunks).toString('utf8');
  return { text, lines: text.split('\n').slice(0, -1), result };
}

/** A command as an AOF has it; binary strings. */
export function resp(...args: string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** A file that holds this binary string. */
export function fileOf(content: string, name = 'test.aof'): string {
  const path = join(temporaryDir(), name);
  fs.writeFileSync(path, content, 'latin1');
  return path;
}

/** A command line's words, then RESP. */
export const words = (line: string): string => resp(...line.split(' '));
