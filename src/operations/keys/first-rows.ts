import type { KeyRow, RowOrder } from './key-row.ts';

/** Keeps the first rows of an order, at most so many, in memory for these alone: a heap with the last of them on top. */
export class FirstRows {
  private readonly rows: KeyRow[] = [];
  private readonly order: RowOrder;
  private readonly most: number;

  constructor(order: RowOrder, most: number) {
    this.order = order;
    this.most = most;
  }

  get size(): number {
    return this.rows.length;
  }

  /** Takes a copy of the row, if it is one of the first so far. */
  add(row: KeyRow): void {
    const { rows, order, most } = this;
    if (rows.length < most) {
      rows.push(row.copy());
      this.rise(rows.length - 1);
    } else if (most > 0 && order(row, rows[0]) < 0) {
      rows[0] = row.copy();
      this.sink();
    }
  }

  /** The rows in their order. */
  sorted(): KeyRow[] {
    return this.rows.sort(this.order);
  }

  private rise(start: number): void {
    const { rows, order } = this;
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (order(rows[index], rows[parent]) <= 0) return;
      [rows[index], rows[parent]] = [rows[parent], rows[index]];
      index = parent;
    }
  }

  private sink(): void {
    const { rows, order } = this;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      if (left >= rows.length) return;
      const right = left + 1;
      const child = right < rows.length && order(rows[right], rows[left]) > 0 ? right : left;
      if (order(rows[child], rows[index]) <= 0) return;
      [rows[index], rows[child]] = [rows[child], rows[index]];
      index = child;
    }
  }
}
