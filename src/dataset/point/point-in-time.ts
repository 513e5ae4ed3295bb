/** A command's number in a log, counted from 1: over all files, or within the file that is named. */
export interface CommandNumber {
  readonly file?: string;
  readonly number: number;
}

/** Commands from one number to another, both included. */
export interface CommandRange {
  readonly file?: string;
  readonly from: number;
  readonly to: number;
}

/** What `beforeLast` looks for, and how much earlier the end is. */
export interface BeforeLast {
  /** A command pattern (command-pattern.ts), a binary string; a name alone is one. */
  readonly pattern: string;
  /** Seconds before that command, by the annotations of the log; 0 for the moment right before it. */
  readonly minus: number;
}

/**
 * Which commands of a log count. At most one of the ends is given: what comes from there on had never been. `without` takes
 * single commands out of the rest.
 *
 * An end inside a transaction drops the whole of it, as a server does with a transaction that has no EXEC. SELECT, MULTI and EXEC
 * are never left out: they do nothing themselves, and what stands between them means another thing without them.
 */
export interface PointInTime {
  /** The end is the first annotation later than this, seconds since 1970. */
  readonly toTimestamp?: number;
  readonly beforeLast?: BeforeLast;
  /** The end is the first command of that file which reaches beyond this offset; later files do not count. */
  readonly toOffset?: { readonly file: string; readonly offset: number };
  /** That many commands count. */
  readonly toCommand?: CommandNumber;
  /** The end is the first command that matches this pattern. */
  readonly before?: string;
  /** Ranges, and patterns. */
  readonly without?: readonly (CommandRange | string)[];
}

/** Where a log was ended: the first command that did not count. */
export interface CutPlace {
  readonly path: string;
  readonly offset: number;
  /** Number in its file, from 1; 0 where it is an annotation or the end of a file. */
  readonly ordinal: number;
  /** The command's name, upper case; '' likewise. */
  readonly command: string;
  /** Offset of the MULTI of the transaction that was dropped whole with it. */
  readonly transaction?: number;
  /** The last annotation before it, seconds since 1970. */
  readonly timestamp?: number;
}

const ends = ['toTimestamp', 'beforeLast', 'toOffset', 'toCommand', 'before'] as const;

/** The ends that are given, by name. */
export function endsOf(point: PointInTime): string[] {
  return ends.filter((name) => point[name] !== undefined);
}

/** What a point in time meant in the log at hand. */
export interface LogSelection {
  /** The first command that did not count; undefined: the log counts to its end. */
  readonly cut?: CutPlace;
  /** Commands that count, and commands before the end that `without` took out. */
  readonly commands: number;
  readonly leftOut: number;
}
