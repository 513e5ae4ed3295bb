import { slotOf } from '../../engine/slot.ts';
import type { KeyMeasures } from '../../keys/key-selection.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';

/** What a row of the list of keys has of a key; NaN for a number that is not there. */
export class KeyRow {
  db = 0;
  key: Buffer = Buffer.alloc(0);
  keyFrom = 0;
  keyTo = 0;
  type = '';
  encoding = '';
  elements = Number.NaN;
  bytes = Number.NaN;
  /** Milliseconds since 1970. */
  expiry = Number.NaN;
  /** Seconds left, negative for a key that is past its time. */
  ttl = Number.NaN;
  idle = Number.NaN;
  freq = Number.NaN;
  slot = Number.NaN;
  offset = Number.NaN;
  length = Number.NaN;
  file = '';

  /** A copy with a name of its own. */
  copy(): KeyRow {
    const copy = Object.assign(new KeyRow(), this);
    copy.key = Buffer.from(this.key.subarray(this.keyFrom, this.keyTo));
    copy.keyFrom = 0;
    copy.keyTo = copy.key.length;
    return copy;
  }
}

export const columnNames = [
  'db',
  'key',
  'type',
  'encoding',
  'elements',
  'bytes',
  'ttl',
  'expiry',
  'idle',
  'freq',
  'slot',
  'offset',
  'length',
  'file',
] as const;
export type ColumnName = (typeof columnNames)[number];

/** Columns that are sorted with the largest first. */
const largestFirst: ReadonlySet<ColumnName> = new Set(['elements', 'bytes', 'idle', 'freq', 'length']);
const texts: ReadonlySet<ColumnName> = new Set(['key', 'type', 'encoding', 'file']);

export const isText = (column: ColumnName): boolean => texts.has(column);

export interface RowMeasures extends KeyMeasures {
  encoding(record: KeyRecord): string;
  /** The moment from which `ttl` counts, milliseconds since 1970. */
  readonly at: number;
}

type Filler = (row: KeyRow, record: KeyRecord, measures: RowMeasures) => void;

const orNothing = (value: number): number => (value < 0 ? Number.NaN : value);

/** How each column is made of a record. */
export const fillers: Readonly<Record<ColumnName, Filler>> = {
  db: (row, { database }) => {
    row.db = database;
  },
  key: (row, { key, keyFrom, keyTo }) => {
    row.key = key;
    row.keyFrom = keyFrom;
    row.keyTo = keyTo;
  },
  type: (row, record) => {
    row.type = record.dataType;
  },
  encoding: (row, record, measures) => {
    row.encoding = measures.encoding(record);
  },
  elements: (row, record, measures) => {
    row.elements = measures.elements(record);
  },
  bytes: (row, record, measures) => {
    row.bytes = measures.bytes(record);
  },
  ttl: (row, { expire }, { at }) => {
    // As TTL rounds.
    row.ttl = Math.floor((expire - at + 500) / 1000);
  },
  expiry: (row, { expire }) => {
    row.expiry = expire;
  },
  idle: (row, { idle }) => {
    row.idle = orNothing(idle);
  },
  freq: (row, { freq }) => {
    row.freq = orNothing(freq);
  },
  slot: (row, { key, keyFrom, keyTo }) => {
    row.slot = slotOf(key, keyFrom, keyTo - keyFrom);
  },
  offset: (row, { offset }) => {
    row.offset = orNothing(offset);
  },
  length: (row, { offset, end }) => {
    row.length = offset < 0 ? Number.NaN : end - offset;
  },
  file: (row, { path }) => {
    row.file = path;
  },
};

export type RowOrder = (a: KeyRow, b: KeyRow) => number;

/** The order by a column: sizes and counts with the largest first, all else ascending; what has no value comes last. */
export function orderBy(column: ColumnName, reverse: boolean): RowOrder {
  const sign = largestFirst.has(column) === reverse ? 1 : -1;
  if (column === 'key')
    return (a, b) => sign * a.key.compare(b.key, b.keyFrom, b.keyTo, a.keyFrom, a.keyTo) || a.db - b.db;
  if (isText(column)) {
    return (a, b) => {
      const [one, other] = [String(a[column]), String(b[column])];
      return one === other ? 0 : one < other ? -sign : sign;
    };
  }
  return (a, b) => {
    const [one, other] = [Number(a[column]), Number(b[column])];
    if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
    return sign * (one - other);
  };
}
