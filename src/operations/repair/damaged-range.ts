import type { Sources } from '../../dataset/sources.ts';
import { escapeBytes } from '../../io/text.ts';
import { Window } from '../../io/window.ts';
import { CommandView } from '../../resp/command-view.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import { keysOf } from './command-keys.ts';

/** Bytes of a bad region that are looked through for what it was. */
const lookMax = 1024 * 1024;
/** A command longer than this beside a gap is not read again. */
const neighbourMax = 1024 * 1024;
const windowSize = 64 * 1024;

/** Looks at the commands beside a bad region and at what can still be recognised within it. */
export class GapReader {
  private readonly sources: Sources;
  private readonly index: number;

  constructor(sources: Sources, index: number) {
    this.sources = sources;
    this.index = index;
  }

  /**
   * Keys of the last command before `gap`, of what is in it, and of the first command after it. `from`: the start of some record
   * not long before it.
   */
  touched(from: number, gap: number, end: number, size: number): string[] {
    const keys = [...this.before(from, gap), ...this.inside(gap, end), ...(end < size ? this.after(end, size) : [])];
    return [...new Set(keys)];
  }

  private before(from: number, gap: number): string[] {
    let start = -1;
    const { scanner, frame } = this.scan(from, false);
    while (scanner.window.offset < gap) {
      const record = scanner.next(frame);
      if (record === Record.command) start = scanner.start;
      else if (record !== Record.annotation) break;
    }
    return start < 0 || gap - start > neighbourMax ? [] : this.keysAt(start);
  }

  private after(end: number, size: number): string[] {
    const { scanner, frame } = this.scan(end, false);
    const record = scanner.next(frame);
    return record === Record.command && scanner.window.offset - end <= Math.min(neighbourMax, size)
      ? this.keysAt(end)
      : [];
  }

  private keysAt(offset: number): string[] {
    const { scanner, frame } = this.scan(offset, true);
    return scanner.next(frame) === Record.command ? keysOf(frame) : [];
  }

  private scan(offset: number, keep: boolean): { scanner: RespScanner; frame: CommandView } {
    const window = new Window(this.sources.reopen(this.index), windowSize);
    window.seek(offset);
    return { scanner: new RespScanner(window, keep), frame: new CommandView() };
  }

  /** Second arguments of what looks like commands. */
  private inside(gap: number, end: number): string[] {
    const text = this.text(gap, end);
    const keys: string[] = [];
    const pattern = /(?:^|\*\d{1,9}\r\n)\$(\d{1,2})\r\n([A-Za-z]{2,20})\r\n\$(\d{1,6})\r\n/g;
    for (let match = pattern.exec(text); match !== null && keys.length < 50; match = pattern.exec(text)) {
      if (match[2].length !== Number(match[1]) || /^(select|multi|exec)$/i.test(match[2])) continue;
      const key = text.slice(pattern.lastIndex, pattern.lastIndex + Number(match[3]));
      keys.push(escapeBytes(Buffer.from(key, 'latin1'), 0, key.length, 128));
    }
    return keys;
  }

  /** The database of the last SELECT that can be made out in a bad region; -1 for none. */
  selected(gap: number, end: number): number {
    let database = -1;
    for (const [, digits] of this.text(gap, end).matchAll(/SELECT\r?\n?\$\d\r\n(\d{1,4})\r\n/gi))
      database = Number(digits);
    return database;
  }

  private text(gap: number, end: number): string {
    const from = Math.max(gap, end - lookMax);
    return this.sources.read(this.index, from, end - from).latin1Slice();
  }
}
