import nodePath from 'node:path';
import fs from '../../src/io/file-system.ts';
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

/** What a server says of a magic or an annotation that came after it, and of anything else that is no file of its own. */
const otherMagic = /Wrong signature trying to load DB|Bad file format reading the append only file/;

/** Whether a file begins as those of Valkey 9, or as a log with annotations (7.0). */
function isLaterHead(path: string): boolean {
  const head = Buffer.alloc(9);
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.readSync(descriptor, head, 0, head.length, 0);
  } finally {
    fs.closeSync(descriptor);
  }
  return /^(VALKEY\d{3}|VCS\x01|#TS:)/.test(head.latin1Slice());
}

/** The conversion after which the server can read the files that ended its start; undefined where that is not what ended it. */
export function convertCommand({ path, server, starts, log, files }: BootResult): string | undefined {
  const last = files.findLast(({ role }) => role !== 'manifest');
  if (starts || last === undefined) return undefined;
  const isForeign = log.some((line) => foreignFormat.test(line));
  const isOtherMagic = log.some((line) => otherMagic.test(line)) && isLaterHead(nodePath.join(path, last.path));
  if (!isForeign && !isOtherMagic) return undefined;
  const isPart = last.role === 'base' || last.role === 'incr';
  const input = nodePath.join(path, isPart ? nodePath.dirname(last.path) : last.path);
  const layout = isPart ? 'multipart' : last.role === 'rdb' ? 'rdb' : 'aof';
  return `aofkit convert ${shellWord(input)} --to ${layout} --target ${server} -o ${shellWord(`${input}.${server}`)}`;
}
