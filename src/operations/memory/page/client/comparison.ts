import type { MemoryGroup } from '../../memory.ts';
import type { PageNode, PageReport } from '../data.ts';
import { element } from './dom.ts';
import { type Column, SortedTable } from './table.ts';
import { bytesText, countText, signedText } from './text.ts';

/** A name with what it was and what it is. */
interface Change {
  readonly name: string;
  readonly bytes: number;
  readonly bytesBefore: number;
  readonly keys: number;
  readonly keysBefore: number;
}

const columns: Column<Change>[] = [
  { name: 'Name', value: ({ name }) => name },
  { name: 'Memory', value: ({ bytes }) => bytes, text: ({ bytes }) => bytesText(bytes) },
  { name: 'Before', value: ({ bytesBefore }) => bytesBefore, text: ({ bytesBefore }) => bytesText(bytesBefore) },
  {
    name: 'Difference',
    value: ({ bytes, bytesBefore }) => Math.abs(bytes - bytesBefore),
    text: ({ bytes, bytesBefore }) => signedText(bytes - bytesBefore, bytesText),
  },
  { name: 'Keys', value: ({ keys }) => keys, text: ({ keys }) => countText(keys) },
  {
    name: 'Difference of keys',
    value: ({ keys, keysBefore }) => Math.abs(keys - keysBefore),
    text: ({ keys, keysBefore }) => signedText(keys - keysBefore, countText),
  },
];

/** What differs between two states of a dataset: `now`, and one before it. */
export function comparisonTable(now: PageReport, before: PageReport): HTMLElement {
  const prefixes = changes(prefixSizes(now.prefixes), prefixSizes(before.prefixes));
  const types = changes(shareSizes(now.types), shareSizes(before.types));
  const total = changes(
    new Map([['all keys', [now.bytes, now.keys]]]),
    new Map([['all keys', [before.bytes, before.keys]]]),
  );
  const search = element('input', { type: 'search', placeholder: 'Search prefixes', 'aria-label': 'Search prefixes' });
  const table = new SortedTable('Prefixes', prefixes, columns, 3);
  search.addEventListener('input', () => table.filter(search.value));
  return element(
    'div',
    { role: 'tabpanel' },
    element('p', { class: 'soft' }, `${now.path}, compared with ${before.path}`),
    new SortedTable('In all', total, columns, 3).element,
    new SortedTable('Types', types, columns, 3).element,
    element('p', {}, search),
    table.element,
  );
}

type Sizes = ReadonlyMap<string, readonly [bytes: number, keys: number]>;

function changes(now: Sizes, before: Sizes): Change[] {
  return [...new Set([...now.keys(), ...before.keys()])].map((name) => {
    const [bytes, keys] = now.get(name) ?? [0, 0];
    const [bytesBefore, keysBefore] = before.get(name) ?? [0, 0];
    return { name, bytes, bytesBefore, keys, keysBefore };
  });
}

const shareSizes = (shares: readonly MemoryGroup[]): Sizes =>
  new Map(shares.map(({ name, bytes, keys }) => [name, [bytes, keys] as const]));

function prefixSizes(root: PageNode): Sizes {
  const sizes = new Map<string, readonly [number, number]>();
  const waiting: [string, PageNode][] = root[5].map((child) => ['', child]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [before, [name, keys, bytes, , , children]] = next;
    sizes.set(before + name, [bytes, keys]);
    for (const child of children) waiting.push([before + name, child]);
  }
  return sizes;
}
