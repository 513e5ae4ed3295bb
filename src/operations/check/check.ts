import nodePath from 'node:path';
import { isNothingThere, nothingThere, reportEntries } from '../../aof/folder-entries.ts';
import { type FolderScan, type PassedOver, scanFolder } from '../../aof/folder-scan.ts';
import { detectLayout, type Layout } from '../../aof/layout.ts';
import { noteBackup } from '../../aof/parts.ts';
import { type FileReport, FindingList, type LayoutName, type Progress } from '../../aof/report.ts';
import { append } from '../../arrays.ts';
import { checkFile } from '../../checks/check-file.ts';
import { checkMultiPart, type PartOptions } from '../../checks/check-multi-part.ts';
import { UnreadableError } from '../../errors.ts';
import type { Finding } from '../../findings.ts';
import { yieldToEventLoop } from '../../io/turns.ts';

export interface CheckOptions {
  /** Findings to keep; all are counted. Default 100. */
  readonly limit?: number;
  /** A random number: it keeps prepared files from looking like duplicates. Default: a fixed one. */
  readonly seed?: number;
  /** The moment of the check, milliseconds since 1970, at which keys of RDBs are counted as expired. Default: they are not counted. */
  readonly at?: number;
  /** Looks into folders below the one that is named. */
  readonly recursive?: boolean;
  /** A folder in which nothing lies is sound. Otherwise it is unreadable. */
  readonly allowEmpty?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Awaited now and then, so that a caller's other work goes on. Default: one turn of the event loop. */
  readonly pause?: () => Promise<void>;
}

export interface CheckSummary {
  readonly files: number;
  readonly bytes: number;
  readonly commands: number;
  readonly keys: number;
  /** Keys of RDBs that are past their time at `at`: a running server removes them. */
  readonly expired: number;
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
  /** Findings beyond the limit. */
  readonly dropped: number;
}

export interface CheckResult {
  readonly path: string;
  readonly layout: LayoutName;
  /** No finding is an error. */
  readonly ok: boolean;
  readonly files: readonly FileReport[];
  /** Of a folder: entries in which nothing was checked. */
  readonly passedOver: readonly PassedOver[];
  readonly findings: readonly Finding[];
  readonly summary: CheckSummary;
}

/**
 * Checks what lies at `path`: a file of any layout, the folder of a multi-part AOF, a data folder, or `-`. Faults of the data are
 * findings; throws UnreadableError where there is nothing to read.
 */
export async function check(path: string, options: CheckOptions = {}): Promise<CheckResult> {
  const findings = new FindingList(options.limit);
  const parts: PartOptions = {
    seed: options.seed ?? 0x5bd1e995,
    at: options.at,
    onProgress: options.onProgress,
    pause: options.pause ?? yieldToEventLoop,
  };
  const layout = detectLayout(path);
  const scan = layout.kind === 'file' ? undefined : scanFolder(path, options.recursive === true);
  const outcome =
    scan === undefined
      ? await checkLayout(layout, findings, parts)
      : await checkFolder(path, scan, options.allowEmpty === true, findings, parts);
  const { files } = outcome;
  return {
    path,
    layout: outcome.layout,
    ok: findings.errors === 0,
    files,
    passedOver: scan?.passedOver ?? [],
    findings: findings.findings,
    summary: summarise(files, findings),
  };
}

interface Outcome {
  readonly layout: LayoutName;
  readonly files: FileReport[];
}

async function checkLayout(layout: Layout, findings: FindingList, options: PartOptions): Promise<Outcome> {
  noteBackup(layout, findings);
  switch (layout.kind) {
    case 'file':
      return checkSingle(layout.path, findings, options);
    case 'multi-part':
      return {
        layout: 'multi-part',
        files: await checkMultiPart(layout.directory, layout.manifest, findings, options),
      };
    case 'orphaned-parts':
      return checkOrphans(layout.directory, layout.parts, findings, options);
    case 'data-directory':
      throw new Error('a folder is checked by its entries');
  }
}

async function checkSingle(path: string, findings: FindingList, options: PartOptions): Promise<Outcome> {
  const { report, content } = await checkFile(path, findings, { ...options, role: 'file', part: false, last: true });
  if (content === 'manifest') {
    return { layout: 'multi-part', files: await checkMultiPart(nodePath.dirname(path), path, findings, options) };
  }
  return { layout: report.format === 'manifest' ? 'multi-part' : report.format, files: [report] };
}

async function checkOrphans(
  directory: string,
  parts: readonly string[],
  findings: FindingList,
  options: PartOptions,
): Promise<Outcome> {
  findings.add('manifest.missing', directory, 0, { expected: 'a manifest', found: parts.join(', ') });
  const files: FileReport[] = [];
  for (const name of parts) {
    const role = name.includes('.base.') ? 'base' : 'incr';
    const path = nodePath.join(directory, name);
    const last = name === parts.at(-1);
    files.push((await checkFile(path, findings, { ...options, role, part: true, last })).report);
  }
  return { layout: 'multi-part', files };
}

/** Everything in a folder: what cannot be read is a finding, and the rest is checked. */
async function checkFolder(
  directory: string,
  scan: FolderScan,
  allowEmpty: boolean,
  findings: FindingList,
  options: PartOptions,
): Promise<Outcome> {
  const { members } = scan;
  if (isNothingThere(scan) && !allowEmpty) throw nothingThere(directory);
  reportEntries(scan, findings);
  checkSurplus(members, findings);
  const files: FileReport[] = [];
  for (const member of members) {
    try {
      append(files, (await checkLayout(member, findings, options)).files);
    } catch (error) {
      // There is no rest that could be checked.
      if (!(error instanceof UnreadableError) || members.length === 1) throw error;
      findings.add('folder.data-unreadable', error.path, 0, { found: error.message });
    }
  }
  const sole = members.length === 1 && members[0].kind !== 'file';
  return { layout: sole ? 'multi-part' : 'data-directory', files };
}

/** Two manifests in one folder: only one of them can be the server's. */
function checkSurplus(members: readonly Layout[], findings: FindingList): void {
  const folders = new Map<string, string>();
  for (const member of members) {
    if (member.kind !== 'multi-part') continue;
    const first = folders.get(member.directory);
    if (first === undefined) folders.set(member.directory, member.manifest);
    else findings.add('manifest.surplus', member.manifest, 0, { expected: 'one manifest', found: `also ${first}` });
  }
}

function summarise(files: readonly FileReport[], findings: FindingList): CheckSummary {
  const total = (of: (file: FileReport) => number | undefined) => files.reduce((sum, file) => sum + (of(file) ?? 0), 0);
  return {
    files: files.length,
    bytes: total((file) => file.size),
    commands: total((file) => file.commands),
    keys: total((file) => file.rdb?.keys),
    expired: total((file) => file.rdb?.expired),
    errors: findings.errors,
    warnings: findings.warnings,
    infos: findings.infos,
    dropped: findings.dropped,
  };
}
