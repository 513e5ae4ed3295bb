import fs from 'node:fs';
import { RdbInput } from '../rdb/input.ts';
import { clip } from './c-text.ts';
import { DescriptorSource, openPath } from './files.ts';
import { messageBytes, RdbReport } from './rdb-report.ts';
import { exitCodeOf, type Surroundings, versionLine } from './tool.ts';

/**
 * Does what redis-check-rdb 8.x does: the same arguments, output and exit code, but for the differences that docs/drop-in.md
 * lists.
 *
 * `argv`: the name under which it was called and its arguments, binary strings. Gives the exit code, 0 or 1.
 */
export function runCheckRdb(argv: readonly string[], surroundings: Surroundings): number {
  return exitCodeOf(() => {
    const [name, path] = argv;
    if (argv.length !== 2) {
      surroundings.stderr.write(`Usage: ${name} <rdb-file-name>\n`);
      return 1;
    }
    if (path === '-v' || path === '--version') {
      surroundings.stdout.write(versionLine(name, 'rdb', surroundings.version));
      return 0;
    }
    return checkFile(path, surroundings);
  });
}

function checkFile(path: string, surroundings: Surroundings): number {
  let descriptor: number;
  try {
    descriptor = openPath(path, fs.constants.O_RDONLY);
  } catch {
    // The tool says no more than this of a file that it cannot open.
    surroundings.stdout.write(`[offset 0] ${clip(`Checking RDB file ${path}`, messageBytes)}\n`);
    return 1;
  }
  try {
    const stat = fs.fstatSync(descriptor);
    const source = new DescriptorSource(path, descriptor, stat.isFile() ? stat.size : undefined);
    return new RdbReport(new RdbInput(source), path, surroundings).run() ? 0 : 1;
  } finally {
    fs.closeSync(descriptor);
  }
}
