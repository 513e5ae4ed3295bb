import type { MemoryGroup } from '../../memory.ts';
import type { ListedKey } from '../../top-keys.ts';
import type { PageData, PageNode, PageReport } from '../data.ts';
import { comparisonTable } from './comparison.ts';
import { element } from './dom.ts';
import { histogram } from './histogram.ts';
import { type Column, SortedTable } from './table.ts';
import { bytesText, countText, durationText, percentText } from './text.ts';
import { Treemap } from './treemap.ts';

interface PrefixRow {
  readonly name: string;
  readonly keys: number;
  readonly bytes: number;
  readonly lastingKeys: number;
  readonly lastingBytes: number;
}

const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;

function facts(report: PageReport): HTMLElement {
  const { keys, bytes, persistentKeys, types, needs } = report;
  // Those of a string are its bytes.
  const elements = types.reduce((sum, type) => sum + (type.name === 'string' ? 0 : type.elements), 0);
  const fact = (value: string, what: string) => element('div', {}, element('strong', {}, value), what);
  return element(
    'div',
    { class: 'facts' },
    fact(bytesText(bytes), 'in keys and values'),
    fact(countText(keys), 'keys'),
    fact(countText(elements), 'elements of collections'),
    fact(percentText(persistentKeys, keys), 'never expire'),
    fact(bytesText(needs.usedMemory), `used memory of ${report.server}`),
    fact(bytesText(needs.pageTable), 'page table that a fork copies'),
    fact(`${needs.forkMilliseconds.toFixed(1)} ms`, 'for a fork'),
    fact(bytesText(needs.rewriteDisk), 'on the disk for the next rewrite'),
  );
}

const shareColumns = (total: number): Column<MemoryGroup>[] => [
  { name: 'Name', value: ({ name }) => name },
  { name: 'Keys', value: ({ keys }) => keys, text: ({ keys }) => countText(keys) },
  { name: 'Elements', value: ({ elements }) => elements, text: ({ elements }) => countText(elements) },
  { name: 'Memory', value: ({ bytes }) => bytes, text: ({ bytes }) => bytesText(bytes) },
  { name: 'Share', value: ({ bytes }) => bytes / (total || 1), text: ({ bytes }) => percentText(bytes, total) },
  {
    name: 'Never expire',
    value: ({ persistentKeys }) => persistentKeys,
    text: ({ persistentKeys }) => countText(persistentKeys),
  },
];

function prefixRows(root: PageNode): PrefixRow[] {
  const rows: PrefixRow[] = [];
  const waiting: [string, PageNode][] = root[5].map((child) => ['', child]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [before, [name, keys, bytes, lastingKeys, lastingBytes, children]] = next;
    rows.push({ name: before + name, keys, bytes, lastingKeys, lastingBytes });
    for (const child of children) waiting.push([before + name, child]);
  }
  return rows;
}

const prefixColumns = (total: number): Column<PrefixRow>[] => [
  { name: 'Prefix', value: ({ name }) => name },
  { name: 'Keys', value: ({ keys }) => keys, text: ({ keys }) => countText(keys) },
  { name: 'Memory', value: ({ bytes }) => bytes, text: ({ bytes }) => bytesText(bytes) },
  { name: 'Share', value: ({ bytes }) => bytes / (total || 1), text: ({ bytes }) => percentText(bytes, total) },
  {
    name: 'A key',
    value: ({ bytes, keys }) => bytes / (keys || 1),
    text: ({ bytes, keys }) => bytesText(Math.round(bytes / (keys || 1))),
  },
  { name: 'Never expire', value: ({ lastingKeys }) => lastingKeys, text: ({ lastingKeys }) => countText(lastingKeys) },
  {
    name: 'Their memory',
    value: ({ lastingBytes }) => lastingBytes,
    text: ({ lastingBytes }) => bytesText(lastingBytes),
  },
];

function keyColumns(at: number, used: boolean): Column<ListedKey>[] {
  const columns: Column<ListedKey>[] = [
    { name: 'Key', value: ({ key }) => key },
    { name: 'Database', value: ({ db }) => db },
    { name: 'Type', value: ({ type, encoding }) => `${type} (${encoding})` },
    { name: 'Elements', value: ({ elements }) => elements, text: ({ elements }) => countText(elements) },
    { name: 'Memory', value: ({ bytes }) => bytes, text: ({ bytes }) => bytesText(bytes) },
    {
      name: 'Expires in',
      value: ({ expiry = Number.POSITIVE_INFINITY }) => expiry,
      text: ({ expiry }) => (expiry === undefined ? 'never' : durationText((expiry - at) / 1000)),
    },
  ];
  if (used)
    columns.push({
      name: 'Use',
      value: ({ idle = 0, freq = 0 }) => freq || -idle,
      text: ({ idle, freq }) => (freq === undefined ? `idle ${durationText(idle ?? 0)}` : `frequency ${freq}`),
    });
  return columns;
}

function reportView(report: PageReport): HTMLElement {
  const { bytes: total, at, percentiles } = report;
  const isUsed = [...report.idle, ...report.freq].some(({ keys }) => keys > 0);
  const tables = [
    new SortedTable('Prefixes', prefixRows(report.prefixes), prefixColumns(total), 2),
    new SortedTable('Largest keys', report.largest, keyColumns(at, isUsed), 4),
    new SortedTable('Keys with the most elements', report.mostElements, keyColumns(at, isUsed), 3),
    ...(isUsed
      ? [
          new SortedTable('Hottest keys', report.hottest, keyColumns(at, true), 6),
          new SortedTable('Coldest keys', report.coldest, keyColumns(at, true), 6),
        ]
      : []),
  ];
  const search = element('input', {
    type: 'search',
    placeholder: 'Search prefixes and keys',
    'aria-label': 'Search prefixes and keys',
  });
  search.addEventListener('input', () => {
    for (const table of tables) table.filter(search.value);
  });
  const shares = [
    new SortedTable('Types', report.types, shareColumns(total), 3),
    new SortedTable('Encodings', report.encodings, shareColumns(total), 3),
    new SortedTable('Databases', report.databases, shareColumns(total), 3),
  ];
  const charts = [
    histogram('Memory of a key', report.sizes, bytesText),
    histogram('Time to live', report.ttl, durationText),
    histogram('Idle time', report.idle, durationText),
    histogram('Frequency (LFU)', report.freq, String),
  ];
  const notes = [
    `Bytes are what the keys take in the memory of ${report.server}, by estimate.`,
    report.exact ? 'Prefixes are exact.' : 'Small prefixes were put together, to keep memory bounded.',
    report.ok ? '' : 'The file is damaged: only what could be read is counted.',
  ];
  const sizes = percentiles.map(({ share, bytes }) => `${share * 100} %: ${bytesText(bytes)}`).join(', ');
  return element(
    'div',
    { role: 'tabpanel' },
    element('p', { class: 'soft' }, notes.filter(Boolean).join(' ')),
    facts(report),
    new Treemap(report.prefixes).element,
    element('div', { class: 'grid' }, ...charts.filter((chart) => chart !== undefined)),
    element('p', { class: 'soft' }, sizes === '' ? '' : `Keys of at most: ${sizes}`),
    element('p', {}, search),
    ...tables.map((table) => table.element),
    element('div', { class: 'grid' }, ...shares.map((table) => table.element)),
  );
}

/** A tab for each report, and one for their comparison. */
function tabs(): HTMLElement[] {
  const { reports, isComparison } = data;
  const panel = element('div');
  const views: [string, () => HTMLElement][] = reports.map((report) => [report.path, () => reportView(report)]);
  if (isComparison) views.unshift(['Comparison', () => comparisonTable(reports[0], reports[1])]);
  else if (reports.length > 1) views.push(['Side by side', () => sideBySide(reports)]);
  const buttons = views.map(([name], index) => {
    const button = element('button', { type: 'button', role: 'tab' }, name);
    button.addEventListener('click', () => show(index));
    return button;
  });
  const show = (chosen: number) => {
    for (const [index, button] of buttons.entries()) button.setAttribute('aria-selected', String(index === chosen));
    panel.replaceChildren(views[chosen][1]());
  };
  show(0);
  const list = element('div', { role: 'tablist', 'aria-label': 'Datasets' }, ...buttons);
  list.hidden = views.length < 2;
  return [list, panel];
}

function sideBySide(reports: readonly PageReport[]): HTMLElement {
  const columns: Column<PageReport>[] = [
    { name: 'Dataset', value: ({ path }) => path },
    { name: 'Keys', value: ({ keys }) => keys, text: ({ keys }) => countText(keys) },
    { name: 'Memory', value: ({ bytes }) => bytes, text: ({ bytes }) => bytesText(bytes) },
    {
      name: 'Never expire',
      value: ({ persistentKeys }) => persistentKeys,
      text: ({ persistentKeys }) => countText(persistentKeys),
    },
    { name: 'Used memory', value: ({ needs }) => needs.usedMemory, text: ({ needs }) => bytesText(needs.usedMemory) },
  ];
  return new SortedTable('Datasets', reports, columns, 2).element;
}

const [first] = data.reports;
document
  .getElementById('app')
  ?.replaceChildren(
    element(
      'header',
      {},
      element('h1', {}, 'Where the memory goes'),
      element('p', { class: 'soft' }, data.reports.map(({ path }) => path).join(', ')),
      ...(first === undefined ? [element('p', {}, 'No dataset.')] : []),
    ),
    element('main', {}, ...(first === undefined ? [] : tabs())),
  );
