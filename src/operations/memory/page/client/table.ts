import { element } from './dom.ts';

/** A column of a table of rows of this kind. */
export interface Column<R> {
  readonly name: string;
  /** What is sorted by. */
  readonly value: (row: R) => string | number;
  readonly text?: (row: R) => string;
}

/** Rows that are shown at a time. */
const shownRows = 50;

/** A table whose columns sort, by mouse and by keyboard, and which a word filters. */
export class SortedTable<R> {
  readonly element: HTMLElement;
  private readonly rows: readonly R[];
  private readonly columns: readonly Column<R>[];
  private readonly body = element('tbody');
  private readonly heads: HTMLTableCellElement[];
  private readonly more: HTMLButtonElement;
  private readonly status = element('p', { class: 'status', 'aria-live': 'polite' });
  private sorted: number;
  private descending = true;
  private word = '';
  private shown = shownRows;

  constructor(title: string, rows: readonly R[], columns: readonly Column<R>[], sorted: number) {
    this.rows = rows;
    this.columns = columns;
    this.sorted = sorted;
    this.heads = columns.map((column, index) => this.head(column, index));
    this.more = element('button', { type: 'button', class: 'more' }, 'Show more');
    this.more.addEventListener('click', () => {
      this.shown += shownRows;
      this.draw();
    });
    const table = element(
      'table',
      {},
      element('caption', {}, title),
      element('thead', {}, element('tr', {}, ...this.heads)),
      this.body,
    );
    this.element = element('section', { class: 'card' }, table, this.status, this.more);
    this.draw();
  }

  /** Shows only rows that hold this word in a text. */
  filter(word: string): void {
    this.word = word.toLowerCase();
    this.shown = shownRows;
    this.draw();
  }

  private head(column: Column<R>, index: number): HTMLTableCellElement {
    const button = element('button', { type: 'button' }, column.name);
    button.addEventListener('click', () => {
      this.descending =
        this.sorted === index ? !this.descending : typeof this.columns[index].value(this.rows[0]) === 'number';
      this.sorted = index;
      this.draw();
    });
    return element('th', { scope: 'col' }, button);
  }

  private draw(): void {
    const { columns, rows, word, sorted, descending, shown } = this;
    const { value } = columns[sorted];
    const matching = rows.filter(
      (row) => word === '' || columns.some((column) => textOf(column, row).toLowerCase().includes(word)),
    );
    matching.sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      const order = one < other ? -1 : one > other ? 1 : 0;
      return descending ? -order : order;
    });
    this.body.replaceChildren(
      ...matching
        .slice(0, shown)
        .map((row) =>
          element(
            'tr',
            {},
            ...columns.map((column) =>
              element('td', { class: typeof column.value(row) === 'number' ? 'number' : 'text' }, textOf(column, row)),
            ),
          ),
        ),
    );
    for (const [index, head] of this.heads.entries()) {
      if (index === sorted) head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    this.more.hidden = matching.length <= shown;
    this.status.textContent = matching.length === rows.length ? '' : `${matching.length} of ${rows.length} rows`;
  }
}

const textOf = <R>(column: Column<R>, row: R): string => column.text?.(row) ?? String(column.value(row));
