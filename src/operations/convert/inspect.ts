import nodePath from 'node:path';
import { addForeign } from '../../aof/foreign-finding.ts';
import { type Content, detectLayout, type Layout, liveMembers, sniff, sniffBytes } from '../../aof/layout.ts';
import { loadOrder, type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import { noteBackup } from '../../aof/parts.ts';
import type { FileReport, FindingList, LayoutName, Progress } from '../../aof/report.ts';
import { checksumRange } from '../../checksum/file-checksum.ts';
import type { Sources } from '../../dataset/sources.ts';
import { UnreadableError, UsageError } from '../../errors.ts';
import { DecompressionError } from '../../io/decompression-error.ts';
import { readSmallFile } from '../../io/small-file.ts';
import type { Source } from '../../io/source.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { NotedValues } from '../../rdb/noted-values.ts';
import type { LogNeeds } from './log-needs.ts';
import { checksumText, RdbScan } from './rdb-scan.ts';

const checksumBytes = 8;
/** Files of so many bytes are worth another thread, which takes some 35 ms to start. */
export const asideBytesMin = 8 * 1024 * 1024;

/** One file of an input, after its first reading. */
export interface InspectedPart {
  readonly path: string;
  /** Number of the source under which it can be read again. */
  readonly source: number;
  readonly content: Content;
  readonly report: FileReport;
  /** Bytes of the RDB at its front; 0 for none. */
  readonly rdbBytes: number;
  readonly bytes: number;
  /** Resolves when the RDB's checksum was computed; a wrong one is a finding then. */
  readonly checksum: Promise<void>;
  /** Its line in the manifest; undefined for a file of its own. */
  readonly part: ManifestPart | undefined;
  /** What was found in the values of its RDB; undefined where they were not looked into. */
  readonly noted: NotedValues | undefined;
}

/** What lies at a path: which files, in the order of loading, and what they hold. */
export interface InspectedInput {
  readonly path: string;
  readonly layout: LayoutName;
  readonly parts: readonly InspectedPart[];
  /** The manifest, of a multi-part AOF. */
  readonly manifest: string | undefined;
  /** Whether any part holds commands. */
  readonly hasCommands: boolean;
}

export interface InspectOptions {
  readonly sources: Sources;
  readonly findings: FindingList;
  readonly seed: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
  /** Is shown the commands of logs that may be copied. */
  readonly needs?: LogNeeds;
}

/**
 * Reads an input through once, as `check` does: whether it is sound, and where its RDB ends. Values are looked into only
 * where no checksum vouches for them. Throws UnreadableError, UsageError.
 */
export async function survey(path: string, options: InspectOptions): Promise<InspectedInput> {
  return inspectLayout(path, detectLayout(path), options);
}

async function inspectLayout(path: string, layout: Layout, options: InspectOptions): Promise<InspectedInput> {
  noteBackup(layout, options.findings);
  if (layout.kind === 'multi-part') return inspectParts(path, layout.directory, layout.manifest, options);
  if (layout.kind === 'file') {
    const part = await inspectPart(layout.path, undefined, true, options);
    if (part.content === 'manifest') {
      return inspectParts(path, nodePath.dirname(layout.path), layout.path, options);
    }
    return inspected(path, layoutOf(part), [part], undefined);
  }
  const live = layout.kind === 'data-directory' ? liveMembers(layout.members) : [];
  if (live.length === 1) return inspectLayout(path, live[0], options);
  if (layout.kind === 'orphaned-parts') {
    const found = layout.parts.join(', ');
    options.findings.add('manifest.missing', layout.directory, 0, { expected: 'a manifest', found });
    return inspected(path, 'multi-part', [], undefined);
  }
  if (layout.members.length === 0) {
    const message = `cannot read ${layout.directory}: no AOF, no manifest and no RDB in this folder`;
    throw new UnreadableError(layout.directory, 'ENODATA', message);
  }
  const names = live.map((member) => ('path' in member ? member.path : member.directory));
  throw new UsageError(`${layout.directory} holds several datasets: name one of ${names.join(', ')}`);
}

function inspected(
  path: string,
  layout: LayoutName,
  parts: readonly InspectedPart[],
  manifest: string | undefined,
): InspectedInput {
  const hasCommands = parts.some(
    ({ bytes, rdbBytes, report }) =>
      bytes > rdbBytes || report.rdb?.updates !== undefined || report.rdb?.memberExpiries !== undefined,
  );
  return { path, layout, parts, manifest, hasCommands };
}

function layoutOf({ report }: InspectedPart): LayoutName {
  return report.format === 'manifest' ? 'unknown' : report.format;
}

async function inspectParts(
  path: string,
  directory: string,
  manifestPath: string,
  options: InspectOptions,
): Promise<InspectedInput> {
  const { findings } = options;
  const manifest = parseManifest(readSmallFile(manifestPath));
  for (const { code, offset, expected, found } of manifest.faults) {
    findings.add(code, manifestPath, offset, { expected, found });
  }
  const lines = loadOrder(manifest);
  const parts: InspectedPart[] = [];
  for (const line of lines) {
    try {
      parts.push(await inspectPart(nodePath.join(directory, line.name), line, line === lines.at(-1), options));
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      const code = error.code === 'ENOENT' ? 'manifest.part.missing' : 'manifest.part.unreadable';
      findings.add(code, manifestPath, line.offset, { expected: `the file ${line.name}`, found: error.message });
    }
  }
  return inspected(path, 'multi-part', parts, manifestPath);
}

async function inspectPart(
  path: string,
  part: ManifestPart | undefined,
  last: boolean,
  options: InspectOptions,
): Promise<InspectedPart> {
  const { sources, findings, onProgress, pause } = options;
  const { source, index } = sources.add(path);
  const role = part === undefined ? 'file' : part.type === 'b' ? 'base' : 'incr';
  const report: FileReport = {
    path,
    role,
    format: 'unknown',
    gzip: source.size === undefined,
    envelope: source.envelope?.codec,
    size: 0,
  };
  const checkKernel = borrowCheckKernel();
  const input = new RdbInput(source, windowBytes, checkKernel?.window());
  input.onProgress = (offset) => onProgress?.({ file: path, offset, size: source.size });
  let content: Content = 'unknown';
  let isWhole = true;
  let needsLook = false;
  let noted: NotedValues | undefined;
  try {
    input.ensure(sniffBytes);
    content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), path);
    if (content === 'rdb')
      ({ isWhole, needsLook, noted } = await inspectRdb(input, report, checkKernel, options, () =>
        sources.reopen(index),
      ));
    else if (content === 'foreign' || content === 'wrapped') addForeign(findings, path, input);
    else if (content === 'empty') report.format = 'empty';
    else if (content !== 'manifest') report.format = 'aof';
    if (report.format === 'aof' || report.format === 'hybrid') {
      const { AofCheck } = await import('../../checks/check-aof.ts');
      const how = { last, pause, checkKernel, observer: options.needs, payloads: 'unreadable' } as const;
      await new AofCheck(input, report, findings, how).run();
    }
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    findings.add(error.code, path, error.offset, error.details);
  } finally {
    source.close();
    returnCheckKernel(checkKernel);
  }
  const bytes = input.base + input.limit;
  report.size = bytes;
  const rdbBytes = report.rdb?.length ?? 0;
  if (needsLook) await lookIntoValues(index, path, options);
  const isRdb = report.format === 'rdb';
  // Behind a fault nobody knows where the checksum stands.
  const hasSum = isWhole && report.rdb?.checksum.state === 'unchecked';
  const checksum = hasSum ? checkSum(index, report, options) : Promise.resolve();
  // A failure is looked at by whoever waits for it; until then it must not count as unhandled.
  checksum.catch(() => {});
  return { path, source: index, content, report, rdbBytes, bytes: isRdb ? rdbBytes : bytes, checksum, part, noted };
}

/** Compares the checksum of an RDB, the last thing before its end, with the stored one; of a large one on another thread. */
export async function checkSum(source: number, report: FileReport, options: InspectOptions): Promise<void> {
  const { rdb, path } = report;
  if (rdb === undefined) return;
  const offset = rdb.length - checksumBytes;
  const aside = offset >= asideBytesMin;
  const sum = await checksumRange(options.sources.descriptor(source), 0, offset, { aside });
  const computed = checksumText(sum);
  const { stored } = rdb.checksum;
  rdb.checksum = { state: computed === stored ? 'ok' : 'mismatch', stored, computed };
  if (computed === stored) return;
  options.findings.add('rdb.checksum.mismatch', path, offset, {
    length: checksumBytes,
    expected: computed,
    found: stored,
  });
}

/** The RDB at the front of a file, and whether more than that follows: whether its end was reached, and it must be looked into. */
async function inspectRdb(
  input: RdbInput,
  report: FileReport,
  checkKernel: CheckKernel | undefined,
  options: InspectOptions,
  reopen: () => Source,
): Promise<{ readonly isWhole: boolean; readonly needsLook: boolean; readonly noted: NotedValues | undefined }> {
  const { findings, seed } = options;
  const { path } = report;
  const how = { path, findings, seed, checkKernel, reopen, pause: options.pause ?? (async () => {}) };
  report.format = 'rdb';
  let noted: NotedValues | undefined = new NotedValues();
  const quiet = input.source.size !== undefined;
  let scan = new RdbScan(input, { ...how, noted, quiet });
  let isWhole = await scan.run();
  if (!isWhole && quiet && input.seek(0)) {
    // Behind a value that cannot be looked into the file may go on: where it ends must be known all the same.
    noted = undefined;
    scan = new RdbScan(input, how);
    isWhole = await scan.run();
  }
  report.rdb = scan.report;
  if (!isWhole) return { isWhole, needsLook: false, noted };
  if (!input.atEnd() && (report.role !== 'file' || isTail(input, scan.report.aux))) report.format = 'hybrid';
  const { state } = scan.report.checksum;
  const isUnsummed = state === 'disabled' || state === 'skipped' || state === 'absent';
  return { isWhole, needsLook: scan.suspicious || isUnsummed, noted };
}

/** Whether what follows an RDB is the rest of an AOF and not something that a server does not look at. */
function isTail(input: RdbInput, aux: Readonly<Record<string, string>>): boolean {
  if (aux['aof-preamble'] === '1' || aux['aof-base'] === '1') return true;
  const first = input.bytes[input.position];
  return first === 0x2a || first === 0x23;
}

/** An RDB without a checksum may hold anything, and keys may seem to stand twice: it is checked in depth. */
export async function lookIntoValues(source: number, path: string, options: InspectOptions): Promise<void> {
  const { sources, findings, seed, pause } = options;
  const checkKernel = borrowCheckKernel();
  const input = new RdbInput(sources.reopen(source), windowBytes, checkKernel?.window());
  const { RdbCheck } = await import('../../checks/check-rdb.ts');
  await new RdbCheck(input, path, findings, { seed, pause, checkKernel, reopen: path }).run();
  returnCheckKernel(checkKernel);
}
