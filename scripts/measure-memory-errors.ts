import fs from 'node:fs';
import path from 'node:path';
import { type MemoryError, memoryErrors, workloadRdb } from '../test/support/memory-errors.ts';
import { cleanUp, findServer, serverNames } from '../test/support/server-process.ts';

/*
 * Measures how far `aofkit memory` is off: has every server load a workload, and writes the errors into docs/memory.md, between its two
 * marks.
 *   npm run memory-errors
 */
const page = path.join(import.meta.dirname, '..', 'docs', 'memory.md');
const begin = '<!-- errors: npm run memory-errors -->';
const end = '<!-- end of errors -->';

const errors: MemoryError[] = [];
for (const name of serverNames) {
  if (!findServer(name)) throw new Error(`this needs ${name}: see docs/testing.md`);
  errors.push(...(await memoryErrors(name, await workloadRdb(name, 1))));
}
cleanUp();
const text = fs.readFileSync(page, 'utf8');
const [from, to] = [text.indexOf(begin), text.indexOf(end)];
if (from < 0 || to < from) throw new Error(`no marks in ${page}`);
fs.writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${table(errors)}\n\n${text.slice(to)}`);

function table(rows: readonly MemoryError[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)}`;
  return [
    '| server | type | encoding | keys | median % | 95th percentile % | largest % |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ server, type, encoding, keys, median, percentile95, max }) =>
        `| ${[server, type, encoding, keys, percent(median), percent(percentile95), percent(max)].join(' | ')} |`,
    ),
  ].join('\n');
}
