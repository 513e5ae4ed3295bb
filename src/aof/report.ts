import { type Finding, type FindingDetails, finding, ruleOf, type Severity } from '../findings.ts';
import { findingsMax } from '../limits.ts';
import type { ChecksumState } from '../rdb/reader.ts';
import type { Fork } from '../servers/value-type-id.ts';

/** What a path turned out to be. */
export type LayoutName = 'rdb' | 'aof' | 'hybrid' | 'multi-part' | 'data-directory' | 'empty' | 'unknown';

/** One file of a dataset, as an operation saw it. */
export interface FileReport {
  readonly path: string;
  readonly role: 'file' | 'manifest' | 'base' | 'incr' | 'history';
  /** What its bytes are, whatever its name says. */
  format: 'rdb' | 'aof' | 'hybrid' | 'manifest' | 'empty' | 'unknown';
  /** The bytes were compressed with gzip: offsets are those of the decompressed data. */
  readonly gzip: boolean;
  /** The RDB was in a compressed envelope of Valkey 9.2: offsets are those of the decompressed data. */
  readonly envelope?: 'lz4' | 'zstd';
  /** Bytes read. */
  size: number;
  rdb?: RdbReport;
  /** Commands of its RESP part. */
  commands?: number;
  transactions?: number;
  /** First and last `#TS:` annotation, seconds since 1970. */
  firstTimestamp?: number;
  lastTimestamp?: number;
  /** Offset up to which a server could load it. */
  validUpTo?: number;
}

/** The RDB that a file is or begins with. */
export interface RdbReport {
  readonly fork: Fork;
  readonly version: number;
  keys: number;
  expires: number;
  /** Keys that were past their time at the moment of the check; undefined where none was given. */
  expired?: number;
  /** Hash fields with an expiry of their own. */
  fieldExpires: number;
  functions: number;
  /** Commands among the keys (UPDATE records of Valkey 9.2); undefined for none. */
  updates?: number;
  /** Members of its keys with an expiry, of KeyDB; undefined for none. */
  memberExpiries?: number;
  /** Its scheduled jobs, of KeyDB; undefined for none. */
  jobs?: number;
  databases: number;
  /** What wrote it, with its version, as far as the file says so: `Redis 8.6.3`, `Dragonfly v1.38.1`. */
  product?: string;
  /** Auxiliary fields, escaped. */
  readonly aux: Record<string, string>;
  checksum: ChecksumReport;
  /** Bytes that it takes, its checksum included. */
  length: number;
}

export interface ChecksumReport {
  state: ChecksumState;
  /** 16 hex digits, as the server logs them; undefined where there is none. */
  stored?: string;
  computed?: string;
}

/** How far an operation has come in which file; `size` is undefined where nobody can know it. */
export interface Progress {
  readonly file: string;
  readonly offset: number;
  readonly size: number | undefined;
}

/** Collects findings up to a limit and counts the rest. */
export class FindingList {
  readonly findings: Finding[] = [];
  errors = 0;
  warnings = 0;
  infos = 0;
  private readonly limit: number;

  constructor(limit = findingsMax) {
    this.limit = limit;
  }

  /** Whether findings are only counted from here on. */
  get full(): boolean {
    return this.findings.length >= this.limit;
  }

  add(code: string, file: string, offset: number, details: FindingDetails = {}): void {
    // A run of zeros can be millions of findings: those that nobody will see are not made.
    if (this.full) this.count(details.severity ?? ruleOf(code).severity);
    else this.take(finding(code, file, offset, details));
  }

  /** Adds a finding that another list holds. */
  take(made: Finding): void {
    this.count(made.severity);
    if (!this.full) this.findings.push(made);
  }

  /** Adds what another list holds and has counted. */
  addAll(list: FindingList): void {
    for (const made of list.findings) if (!this.full) this.findings.push(made);
    this.errors += list.errors;
    this.warnings += list.warnings;
    this.infos += list.infos;
  }

  private count(severity: Severity): void {
    if (severity === 'error') this.errors++;
    else if (severity === 'warning') this.warnings++;
    else this.infos++;
  }

  /** Takes back all findings since there were `kept` of them, with these counts. */
  rewind({ kept, errors, warnings, infos }: { kept: number; errors: number; warnings: number; infos: number }): void {
    this.findings.length = kept;
    Object.assign(this, { errors, warnings, infos });
  }

  /** Findings that were counted and not kept. */
  get dropped(): number {
    return this.errors + this.warnings + this.infos - this.findings.length;
  }
}

/** What is told where a compressed file is written anew; no notes for one that is not compressed. */
export function plainNotes(path: string, envelope: FileReport['envelope']): readonly string[] {
  return envelope === undefined ? [] : [`${path} is compressed (${envelope}): what is written of it is not`];
}
