import type { DatabaseCount } from './rdb-recovery/section-counts.ts';

/** Something that a file or a manifest declares and that is not kept. */
export interface Missing {
  readonly what: 'keys' | 'expiries' | 'elements' | 'files';
  readonly declared: number;
  readonly kept: number;
  /** `database 0`, `the set "x" in database 0`, or the name of a part. */
  readonly where: string;
}

/** A value that was taken out, with the number of elements that its head declares. */
export interface TakenOut {
  readonly db: number;
  readonly key: string;
  readonly type: string;
  readonly elements: number;
}

/**
 * What is declared of the databases and not kept of them. `undeclared`: databases of which bytes were left out and whose number of
 * keys the file does not say, so that nothing tells what is missing.
 */
export interface Shortage {
  readonly missing: readonly Missing[];
  readonly undeclared: readonly number[];
}

export const noShortage: Shortage = { missing: [], undeclared: [] };

/** Elements are told of so many values one by one. */
const valuesMax = 1000;

/** Compares what is `declared` with what is `kept`, both by database. */
export function shortageOf(
  declared: readonly DatabaseCount[],
  kept: readonly DatabaseCount[],
  taken: readonly TakenOut[],
  withExpiries: boolean,
): Shortage {
  const missing: Missing[] = [];
  const undeclared: number[] = [];
  for (const { db, declared: keys, declaredExpires, gaps } of declared) {
    const found = kept.find((one) => one.db === db);
    const where = `database ${db}`;
    const note = (what: Missing['what'], wanted: number, has: number) => {
      if (has < wanted) missing.push({ what, declared: wanted, kept: has, where });
    };
    note('keys', keys, found?.keys ?? 0);
    if (withExpiries) note('expiries', declaredExpires, found?.expires ?? 0);
    if (keys < 0 && gaps > 0) undeclared.push(db);
  }
  const short = new Set([...undeclared, ...databasesOf(missing)]);
  for (const { db, key, type, elements } of taken.slice(0, valuesMax)) {
    if (!short.has(db) || elements === 0) continue;
    missing.push({ what: 'elements', declared: elements, kept: 0, where: `the ${type} "${key}" in database ${db}` });
  }
  return { missing, undeclared };
}

const databasesOf = (missing: readonly Missing[]): number[] =>
  missing.filter(({ what }) => what === 'keys').map(({ where }) => Number(where.slice('database '.length)));

const names: Readonly<Record<Missing['what'], string>> = {
  keys: 'keys',
  expiries: 'keys with an expiry',
  elements: 'elements',
  files: 'files',
};

/** `4 of the 5 keys that database 0 declares are kept`. */
export function missingText({ what, declared, kept, where }: Missing): string {
  if (what === 'files') return `${where} is not kept`;
  const all = declared === 1 ? `1 ${names[what].replace(/^(key|element)s/, '$1')}` : `${declared} ${names[what]}`;
  return `${where}: ${kept} of ${all} declared`;
}
