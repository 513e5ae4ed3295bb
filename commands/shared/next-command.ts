import nodePath from 'node:path';
import type { BootResult } from '../../src/operations/boot/outcome.ts';
import type { CheckResult } from '../../src/operations/check/check.ts';
import { shellWord } from './printing.ts';

/*
 * The command to type after a report. Paths are taken from the result itself, not from what is shown of it: a shell gets their bytes.
 */

/** The repairs of what `check` found to be repairable, one for each dataset; standard input is out of reach. */
export function repairCommands({ path, layout, files, findings }: CheckResult): string[] {
  if (path === '-') return [];
  const datasets = new Map<string, string>();
  let manifest = path;
  for (const file of files) {
    if (file.role === 'manifest') manifest = file.path;
    datasets.set(file.path, file.role === 'base' || file.role === 'incr' ? manifest : file.path);
  }
  const targets = new Set<string>();
  for (const { repairable, severity, file } of findings) {
    if (repairable && severity === 'error')
      targets.add(layout === 'data-directory' ? (datasets.get(file) ?? file) : path);
  }
  return [...targets].map((target) => `aofkit repair ${shellWord(target)} --in-place`);
}

/** A server that is older than what wrote the file, or of the other fork, says one of these. */
const foreignFormat = /Can't handle (RDB format version|foreign type or opcode)|Unknown command/;

/** The conversion after which the server can read the files that ended its start; undefined where that is not what ended it. */
export function convertCommand({ path, server, starts, log, files }: BootResult): string | undefined {
  const last = files.findLast(({ role }) => role !== 'manifest');
  if (starts || last === undefined || !log.some((line) => foreignFormat.test(line))) return undefined;
  const isPart = last.role === 'base' || last.role === 'incr';
  const input = nodePath.join(path, isPart ? nodePath.dirname(last.path) : last.path);
  const layout = isPart ? 'multipart' : last.role === 'rdb' ? 'rdb' : 'aof';
  return `aofkit convert ${shellWord(input)} --to ${layout} --target ${server} -o ${shellWord(`${input}.${server}`)}`;
}
