import type {
  HistogramBin,
  ListedKey,
  MemoryChange,
  MemoryComparison,
  MemoryGroup,
  MemoryResult,
  PrefixNode,
} from '../../src/index.ts';
import { formatCount, plural } from './numbers.ts';
import type { Palette } from './palette.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${bytes < 0 ? '-' : ''}${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

type Row = readonly string[];

/** Rows below a heading, the first column to the left, the others to the right. */
function table(heading: Row, rows: readonly Row[], colour: Palette): string {
  if (rows.length === 0) return '';
  const widths = heading.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column].length), title.length),
  );
  const line = (row: Row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  return `\n${colour.bold(line(heading))}\n${rows.map((row) => `${line(row).trimEnd()}\n`).join('')}`;
}

function groups(title: string, list: readonly MemoryGroup[], colour: Palette): string {
  const rows = list.map(({ name, keys, bytes, share, persistentKeys }) => [
    name,
    formatCount(keys),
    formatBytes(bytes),
    percent(share),
    formatCount(persistentKeys),
  ]);
  return table([title, 'keys', 'memory', 'share', 'no ttl'], rows, colour);
}

/** The report of one dataset. */
export function formatMemory(result: MemoryResult, top: number, colour: Palette): string {
  const { path, server, keys, bytes, persistentKeys, prefixes, unknownBytes } = result;
  const head = `${colour.bold(path)}  ${plural(keys, 'key')}, ${formatBytes(bytes)} in ${server} by estimate, ${formatCount(persistentKeys)} without ttl\n`;
  const unknown =
    unknownBytes > 0 ? `of that ${formatBytes(unknownBytes)} of modules and newer types, counted as in the file\n` : '';
  return [
    head,
    unknown,
    groups('type', result.types, colour),
    groups('encoding', result.encodings, colour),
    result.databases.length > 1 ? groups('database', result.databases, colour) : '',
    prefixTable(prefixes.roots, top, colour),
    prefixes.exact
      ? ''
      : `a prefix may be up to ${formatBytes(prefixes.errorBytes)} larger: there are more than fit in memory\n`,
    keyTable('largest keys', result.largest, colour),
    keyTable('most elements', result.mostElements, colour),
    keyTable('hottest keys', result.hottest, colour),
    keyTable('coldest keys', result.coldest, colour),
    slotTable(result, top, colour),
    sizeTable(result, colour),
    times('ttl', result.ttl, colour),
    times('idle', result.idle, colour),
    counters(result.freq, colour),
    needs(result, colour),
  ].join('');
}

/** The largest prefixes of all levels, each below the one that it belongs to. */
function prefixTable(roots: readonly PrefixNode[], top: number, colour: Palette): string {
  const rows: Row[] = [];
  const add = (nodes: readonly PrefixNode[], level: number): void => {
    for (const { prefix, keys, bytes, share, persistentKeys, children } of nodes.slice(0, top)) {
      if (level > 0 && share < 0.001) continue;
      const indented = '  '.repeat(level) + prefix;
      rows.push([indented, formatCount(keys), formatBytes(bytes), percent(share), formatCount(persistentKeys)]);
      add(children, level + 1);
    }
  };
  add(roots, 0);
  return table(['prefix', 'keys', 'memory', 'share', 'no ttl'], rows, colour);
}

function keyTable(title: string, keys: readonly ListedKey[], colour: Palette): string {
  const rows = keys.map(({ db, key, type, encoding, bytes, elements, idle, freq }) => [
    key,
    String(db),
    type,
    encoding,
    formatCount(elements),
    formatBytes(bytes),
    idle !== undefined ? `idle ${idle} s` : freq !== undefined ? `freq ${freq}` : '',
  ]);
  return table([title, 'db', 'type', 'encoding', 'elements', 'memory', ''], rows, colour);
}

function slotTable({ slots }: MemoryResult, top: number, colour: Palette): string {
  if (slots === undefined) return '';
  const rows = slots
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, top)
    .map(({ slot, keys, bytes }) => [String(slot), formatCount(keys), formatBytes(bytes)]);
  return table([`slot (of ${slots.length})`, 'keys', 'memory'], rows, colour);
}

function sizeTable({ sizes, percentiles }: MemoryResult, colour: Palette): string {
  const rows = sizes.map(({ from, keys, bytes }) => [
    `from ${formatBytes(from)}`,
    formatCount(keys),
    formatBytes(bytes),
  ]);
  const shares = percentiles.map(({ share, bytes }) => `${share * 100}%: ${formatBytes(bytes)}`).join('  ');
  return sizes.length === 0 ? '' : `${table(['memory of a key', 'keys', 'memory'], rows, colour)}${shares}\n`;
}

function times(title: string, bins: readonly HistogramBin[], colour: Palette): string {
  const rows = bins.map(({ from, to, keys, bytes }) => [
    from < 0 ? 'past' : to === Number.POSITIVE_INFINITY ? `from ${duration(from)}` : `below ${duration(to)}`,
    formatCount(keys),
    formatBytes(bytes),
  ]);
  return table([title, 'keys', 'memory'], rows, colour);
}

function counters(bins: readonly HistogramBin[], colour: Palette): string {
  const rows = bins.map(({ from, keys, bytes }) => [`from ${from}`, formatCount(keys), formatBytes(bytes)]);
  return table(['frequency', 'keys', 'memory'], rows, colour);
}

function duration(seconds: number): string {
  for (const [unit, length] of [
    ['d', 86400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds >= length) return `${seconds / length}${unit}`;
  return `${seconds}s`;
}

function needs({ needs: need, server }: MemoryResult, colour: Palette): string {
  const lines = [
    `used memory         ${formatBytes(need.usedMemory)} (keys ${formatBytes(need.keys)}, not in MEMORY USAGE ${formatBytes(need.uncounted + need.tables)}, empty server ${formatBytes(need.startup)})`,
    `fork                page table ${formatBytes(need.pageTable)}, about ${need.forkMilliseconds} ms; copies up to ${formatBytes(need.copyOnWriteMax)} if all is written meanwhile`,
    `next RDB or rewrite ${formatBytes(need.rewriteBytes)} more on disk, about ${need.rewriteSeconds} s at 100 MB/s`,
  ];
  if (need.bytesPerWrittenByte > 0)
    lines.push(
      `rewrite buffers     ${need.bytesPerWrittenByte} bytes of memory for each byte written meanwhile (before 7.0)`,
    );
  return `\n${colour.bold(`a ${server} with this data`)}\n${lines.map((text) => `${text}\n`).join('')}`;
}

/** What changed between two datasets. */
export function formatComparison(comparison: MemoryComparison, top: number, colour: Palette): string {
  const { before, after, total } = comparison;
  const change = ({ keysBefore, keysAfter, bytesBefore, bytesAfter, name }: MemoryChange): Row => [
    name,
    formatCount(keysBefore),
    formatCount(keysAfter),
    formatBytes(bytesBefore),
    formatBytes(bytesAfter),
    `${bytesAfter < bytesBefore ? '' : '+'}${formatBytes(bytesAfter - bytesBefore)}`,
  ];
  const isChanged = ({ keysBefore, keysAfter, bytesBefore, bytesAfter }: MemoryChange) =>
    keysBefore !== keysAfter || bytesBefore !== bytesAfter;
  const part = (title: string, list: readonly MemoryChange[]) =>
    table(
      [title, 'keys before', 'after', 'memory before', 'after', 'change'],
      list.filter(isChanged).slice(0, top).map(change),
      colour,
    );
  return [
    `${colour.bold(before)} -> ${colour.bold(after)}\n`,
    table(['', 'keys before', 'after', 'memory before', 'after', 'change'], [change(total)], colour),
    part('type', comparison.types),
    part('encoding', comparison.encodings),
    part('database', comparison.databases),
    part('prefix', comparison.prefixes),
  ].join('');
}
