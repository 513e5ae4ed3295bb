import type { Window } from '../io/window.ts';
import { findCommand, fitsArity } from '../servers/command-catalog.ts';
import { CommandView } from './command-view.ts';
import { Record, RespScanner } from './scanner.ts';

const star = 0x2a;
const hash = 0x23;
/** A candidate's header and name fit in this many bytes. */
const headBytes = 128;
/** Bytes that failed candidates may cost, per byte searched and in all, before only their heads are looked at. */
const costFactor = 8;
const costFree = 16 * 1024 * 1024;
/** A bulk string that holds a command is looked for in so many bytes before and behind it; so many of them are. */
const enclosingBytes = 64 * 1024;
const enclosingMax = 64;
const bulkHeader = /\$(\d{1,9})\r\n/g;

/**
 * Finds where the log goes on after a bad region: the next place where a plausible command starts. That is a known name with
 * a fitting number of arguments, all of it soundly framed. Behind it comes another record, the end, or more damage: then it is
 * believed unless a bulk string that begins in the bad region, and ends as one, holds it.
 */
export class Resynchroniser {
  private readonly window: Window;
  private readonly scanner: RespScanner;
  private readonly frame = new CommandView();
  /** Whether a command with more damage behind it is believed. */
  private readonly alone: boolean;
  private cost = 0;
  /** Where bulk strings end that begin in the bad region, and up to where these were looked for. */
  private readonly bulkEnds: number[] = [];
  private noted = 0;

  /** `alone: false`: only a command with a record or the end behind it. */
  constructor(window: Window, { alone = true } = {}) {
    this.window = window;
    this.scanner = new RespScanner(window, false);
    this.alone = alone;
  }

  /** The offset of the first plausible command at or after `from`, where the window then stands; -1 if there is none. */
  find(from: number): number {
    const { window } = this;
    if (!window.seek(from)) return -1;
    this.noted = from;
    this.bulkEnds.length = 0;
    let searched = 0;
    while (!window.atEnd()) {
      const found = window.bytes.subarray(window.position, window.limit).indexOf(star);
      const passed = found < 0 ? window.limit - window.position : found;
      window.position += passed;
      searched += passed;
      if (found < 0) continue;
      const at = window.offset;
      if (this.plausible(at, searched)) {
        window.seek(at);
        return at;
      }
      if (!window.seek(at + 1)) return -1;
      searched++;
    }
    return -1;
  }

  private plausible(at: number, searched: number): boolean {
    if (!this.plausibleHead()) return false;
    if (this.cost > searched * costFactor + costFree) return true;
    const { window, scanner, frame } = this;
    if (this.alone) this.noteBulks(at);
    const record = scanner.next(frame);
    this.cost += window.offset - at;
    if (record !== Record.command || !this.known()) return false;
    if (window.atEnd()) return true;
    const next = window.bytes[window.position];
    return next === star || next === hash || (this.alone && !this.isWithinBulk());
  }

  /** Notes where the bulk strings end that begin before `at`, where the window then stands. */
  private noteBulks(at: number): void {
    const { window } = this;
    const start = Math.max(this.noted, at - enclosingBytes);
    this.noted = at;
    if (start >= at || !window.seek(start)) return;
    window.ensure(at - start);
    const text = window.bytes.latin1Slice(window.position, Math.min(window.position + at - start, window.limit));
    for (const { 0: header, 1: digits, index } of text.matchAll(bulkHeader)) {
      const end = start + index + header.length + Number(digits);
      if (end > at) this.bulkEnds.push(end);
    }
    if (this.bulkEnds.length > enclosingMax) this.bulkEnds.splice(0, this.bulkEnds.length - enclosingMax);
    window.seek(at);
  }

  /** Whether a bulk string that began before the command just read goes on behind it, and has a line end and what may follow there. */
  private isWithinBulk(): boolean {
    const { window, bulkEnds } = this;
    const { offset } = window;
    return bulkEnds.some((end) => {
      const ahead = end - offset;
      if (ahead < 0 || ahead > enclosingBytes) return false;
      window.ensure(ahead + 3);
      const from = window.position + ahead;
      return /^\r\n[*#$]?$/.test(window.bytes.latin1Slice(from, Math.min(from + 3, window.limit)));
    });
  }

  /** The cheap look that nearly all places fail. */
  private plausibleHead(): boolean {
    const { window } = this;
    window.ensure(headBytes);
    const head = window.bytes.latin1Slice(window.position, Math.min(window.position + headBytes, window.limit));
    const match = /^\*(\d{1,9})\r\n\$(\d{1,2})\r\n([!-~]{1,40})\r\n/.exec(head);
    if (match === null || match[3].length !== Number(match[2])) return false;
    const name = Buffer.from(match[3], 'latin1');
    const info = findCommand(name, 0, name.length);
    return info !== undefined && fitsArity(info, Number(match[1]));
  }

  private known(): boolean {
    const { frame } = this;
    const info = frame.starts[0] < 0 ? undefined : findCommand(frame.bytes, frame.starts[0], frame.lengths[0]);
    return info !== undefined && fitsArity(info, frame.argc);
  }
}
