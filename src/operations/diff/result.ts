import type { LayoutName } from '../../aof/report.ts';
import type { Finding } from '../../findings.ts';
import { escapeBinary } from '../../io/text.ts';

/** A key that is not the same in both datasets. */
export interface DifferentKey {
  readonly kind: 'only-a' | 'only-b' | 'type' | 'value' | 'ttl';
  readonly database: number;
  /** A binary string. */
  readonly key: string;
  /** Types as TYPE names them. */
  readonly typeA?: string;
  readonly typeB?: string;
  /** The first difference; undefined where only the digests tell. */
  readonly difference?: ValueDifference;
}

/** One of the datasets. */
export interface DiffSide {
  readonly path: string;
  readonly layout: LayoutName;
  /** It could be loaded. */
  readonly ok: boolean;
  readonly keys: number;
  /** As DEBUG DIGEST; undefined where one of the two could not be loaded. */
  readonly digest?: string;
  readonly findings: readonly Finding[];
  /** Commands whose effect is not known. */
  readonly opaque: number;
}

/** Keys of one database that pass the filters. */
export interface DatabaseDiff {
  readonly database: number;
  readonly keysA: number;
  readonly keysB: number;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly changed: number;
}

export interface DiffResult {
  /** Both datasets could be loaded. */
  readonly ok: boolean;
  readonly equal: boolean;
  readonly a: DiffSide;
  readonly b: DiffSide;
  /** The digests said it all: no key was looked at, and `databases` is empty. */
  readonly byDigest: boolean;
  readonly databases: readonly DatabaseDiff[];
  /** Names of function libraries that differ, binary strings. */
  readonly libraries: readonly string[];
}

/** The first place in which two values differ, for people: bytes are escaped and shortened. */
export interface ValueDifference {
  /** Such as `byte 12`, `element 3`, `field "name"`; '' for the value as a whole. */
  readonly place: string;
  /** What is there; undefined for nothing. */
  readonly a: string | undefined;
  readonly b: string | undefined;
}

/** So many bytes of a value are shown. */
export const shownBytes = 48;

/** A binary string in quotes, escaped and shortened. */
export const quoted = (text: string): string => `"${escapeBinary(text, shownBytes)}"`;
