import type { Window } from '../bytes/window.ts';
import { findCommand, fitsArity } from '../catalog/lookup.ts';
import { Frame } from '../engine/frame.ts';
import { Record, RespScanner } from './scanner.ts';

const star = 0x2a;
const hash = 0x23;
/** A candidate's header and name fit in this many bytes. */
const headBytes = 128;
/** Bytes that failed candidates may cost, per byte searched and in all, before only their heads are looked at. */
const costFactor = 8;
const costFree = 16 * 1024 * 1024;

/**
 * Finds where the log goes on after a bad region: the next place where a plausible command starts. That is a known name with
 * a fitting number of arguments, all of it soundly framed, and behind it another record or the end.
 */
export class Resynchroniser {
  private readonly window: Window;
  private readonly scanner: RespScanner;
  private readonly frame = new Frame();
  private cost = 0;

  constructor(window: Window) {
    this.window = window;
    this.scanner = new RespScanner(window, false);
  }

  /** The offset of the first plausible command at or after `from`, where the window then stands; -1 if there is none. */
  find(from: number): number {
    const { window } = this;
    if (!window.seek(from)) return -1;
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
    const record = scanner.next(frame);
    this.cost += window.offset - at;
    if (record !== Record.command || !this.known()) return false;
    if (window.atEnd()) return true;
    const next = window.bytes[window.position];
    return next === star || next === hash;
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
