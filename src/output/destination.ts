import { constants, gzipSync } from 'node:zlib';
import type { ManifestPart } from '../aof/manifest.ts';
import { UsageError } from '../errors.ts';
import type { BackgroundWriter } from '../io/background-writer.ts';
import nodeFs from '../io/file-system.ts';
import type { FileIdentity } from '../io/open-folder.ts';
import type { OutputLock } from '../io/output-lock.ts';
import type { Protection } from '../io/protection.ts';
import type { ByteSink } from '../io/writer.ts';
import { FileOutput, PartsFolder } from './rewrite-output.ts';

/**
 * Where the bytes of a result go.
 *
 *     main         the file itself, or the first part
 *     increments   the other parts of a multi-part AOF
 *     finish()     everything is written and flushed, and `checkPath` can be loaded
 *     commit()     it takes its place
 *     leave()      instead of that it gets a name of its own, which is given back
 *     abandon()    as if nothing had been; a stream cannot take back what it got
 */
export interface Destination {
  readonly main: ByteSink;
  readonly increments: readonly ByteSink[];
  /** Undefined for a stream. */
  readonly checkPath: string | undefined;
  /** The CRC-64 of what was written to `main`, where somebody else computes it. */
  readonly sum: (() => bigint) | undefined;
  finish(): void;
  commit(): void;
  leave(): string;
  abandon(): void;
  /** Which file or folder it is, with what is in it, so that it can be removed again; undefined for a stream. */
  readonly made: Made | undefined;
  files(): readonly { readonly path: string; readonly bytes: number }[];
}

export interface Made {
  readonly identity: FileIdentity;
  /** Of a folder. */
  readonly entries?: readonly string[];
}

/** The lock under which outputs are written, and who may read them. */
export interface Security {
  readonly lock: OutputLock;
  readonly protection: Protection;
}

/** Who writes, and whether they compute the sum of the first file. */
export interface Writer {
  readonly behind: BackgroundWriter;
  readonly summed: boolean;
}

/** One file, as it is or compressed. `writer`: who writes it, if not this thread. */
export function fileDestination(
  path: string,
  gzip: boolean,
  { lock, protection }: Security,
  writer?: Writer,
): Destination {
  const behind = writer?.behind;
  const summed = writer?.summed === true && !gzip;
  const output = new FileOutput(path, lock, protection);
  const file = behind?.sink(output.main, summed) ?? output.main;
  const compressed = gzip ? new GzipSink(file) : undefined;
  return {
    main: compressed ?? file,
    increments: [],
    checkPath: output.checkPath,
    sum: summed && behind !== undefined ? () => behind.sum(output.main) : undefined,
    finish: () => {
      compressed?.finish();
      behind?.finish();
      output.finish();
    },
    commit: () => output.commit(),
    leave: () => output.leave(),
    made: { identity: output.main.file },
    abandon: () => {
      behind?.stop();
      output.abandon();
    },
    files: () => output.files(),
  };
}

/** A sink of the caller's. */
export function streamDestination(sink: ByteSink, gzip: boolean): Destination {
  const compressed = gzip ? new GzipSink(sink) : undefined;
  return {
    main: compressed ?? sink,
    increments: [],
    checkPath: undefined,
    sum: undefined,
    finish: () => compressed?.finish(),
    commit: () => {},
    leave: () => '',
    made: undefined,
    abandon: () => {},
    files: () => [],
  };
}

/** Nothing is kept: to find out what would be lost. */
export function nowhere(): Destination {
  return { ...streamDestination({ write: () => {} }, false) };
}

/** A new folder with these parts. `writer`: who writes them, if not this thread. */
export function folderDestination(
  path: string,
  parts: readonly ManifestPart[],
  prefix: string,
  { lock, protection }: Security,
  writer?: Writer,
): Destination {
  const behind = writer?.behind;
  const summed = writer?.summed === true;
  const folder = new PartsFolder(path, parts, prefix, lock, protection);
  const [main, ...increments] = folder.parts.map((file) => behind?.sink(file, summed && file === folder.main) ?? file);
  return {
    main,
    increments,
    checkPath: folder.checkPath,
    sum: summed && behind !== undefined ? () => behind.sum(folder.main) : undefined,
    finish: () => {
      behind?.finish();
      folder.finish();
    },
    commit: () => folder.commit(),
    leave: () => folder.leave(),
    made: folder.made,
    abandon: () => {
      behind?.stop();
      folder.abandon();
    },
    files: () => folder.files(),
  };
}

/** Throws UsageError where something is at `path` that must not be replaced. */
export function refuseExisting(path: string, force: boolean, isFolder: boolean): void {
  const stat = nodeFs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const isEmptyFolder = stat.isDirectory() && nodeFs.readdirSync(path).length === 0;
  if (force && (isFolder ? isEmptyFolder : !stat.isDirectory())) return;
  const advice = isFolder ? 'name a new folder' : 'say --force to replace it';
  throw new UsageError(`${path} exists already: ${advice}`);
}

/** Bytes that are compressed together: each becomes a gzip member of its own, which gzip and every reader joins. */
const memberBytes = 4 * 1024 * 1024;

class GzipSink implements ByteSink {
  private readonly sink: ByteSink;
  private readonly bytes = Buffer.allocUnsafeSlow(memberBytes);
  private length = 0;
  private members = 0;

  constructor(sink: ByteSink) {
    this.sink = sink;
  }

  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, memberBytes - this.length);
      this.bytes.set(bytes.subarray(from, from + count), this.length);
      this.length += count;
      from += count;
      if (this.length === memberBytes) this.compress();
    }
  }

  /** Nothing at all is a file too. */
  finish(): void {
    if (this.length > 0 || this.members === 0) this.compress();
  }

  private compress(): void {
    this.sink.write(gzipSync(this.bytes.subarray(0, this.length), { level: constants.Z_BEST_SPEED }));
    this.length = 0;
    this.members++;
  }
}
