import type { Window } from '../../io/window.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { LogPart } from '../parts.ts';
import type { LogDamage, LogRdb } from './options.ts';

/** Where reading is: what is known of the record that a visitor is shown. */
export class LogPlace {
  part: LogPart;
  /** Absolute offset of the record in its part, and its length with its headers, bytes. */
  offset = 0;
  length = 0;
  /** Number of the command, from 1, counted through all parts. */
  ordinal = 0;
  /** The selected database; each part begins in database 0. */
  database = 0;
  /** Seconds since 1970 of the last annotation; NaN where none came yet. */
  time = Number.NaN;

  constructor(part: LogPart) {
    this.part = part;
  }
}

/** What is shown each record of a log. */
export interface LogVisitor {
  /** Whether to stop for a while: its output wants to be taken away. */
  readonly full: boolean;
  /** Whether nothing more is wanted. */
  readonly done: boolean;
  /**
   * Shows itself commands of the window that begin before the offset `stop`, moves the window over them and counts them in `place`; gives
   * their number. Whatever it leaves is shown to it one by one.
   */
  pass?(window: Window, place: LogPlace, stop: number): number;
  /** A whole command, valid during the call. */
  command(frame: CommandView, place: LogPlace): void;
  /** A line that starts with '#': `bytes[position, position + length)`. `place.time` is what it says, if it says a time. */
  annotation(bytes: Buffer, position: number, length: number, place: LogPlace): void;
  rdb(rdb: LogRdb, place: LogPlace): void;
  /** A region that is passed over; `bytes` its first ones. */
  damage(damage: LogDamage, place: LogPlace, bytes: Uint8Array): void;
  /** What comes behind those, piece by piece; `place` tells where. Without it nobody wants to know. */
  moreDamage?: (place: LogPlace, bytes: Uint8Array) => void;
}
