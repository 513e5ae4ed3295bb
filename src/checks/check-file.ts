import { addForeign } from '../aof/foreign-finding.ts';
import { type Content, sniff, sniffBytes } from '../aof/layout.ts';
import type { FileReport, FindingList, Progress } from '../aof/report.ts';
import { DecompressionError } from '../io/decompression-error.ts';
import { openInput } from '../io/input.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../kernels/check-kernel.ts';
import { windowBytes } from '../limits.ts';
import { RdbInput } from '../rdb/input.ts';

export interface FileCheckOptions {
  readonly role: FileReport['role'];
  /** The file is a part of an AOF, so that what follows an RDB is its RESP tail. */
  readonly part: boolean;
  /** No other part comes after it. */
  readonly last: boolean;
  readonly seed: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
  /** The moment of the check: keys past their time are counted. */
  readonly at?: number;
  /** Whether kernels may pass over what is ordinary; the outcome is the same. Default true. */
  readonly fast?: boolean;
}

/** What `checkFile` needs to tell a manifest that it was given as a file. */
export type FileOutcome = { readonly report: FileReport; readonly content: Content };

/** Checks one file: an RDB, an AOF, or an AOF that begins with an RDB. A manifest is recognised and left to the caller. */
export async function checkFile(path: string, findings: FindingList, options: FileCheckOptions): Promise<FileOutcome> {
  const { source, gzip, reopen } = openInput(path);
  const report: FileReport = {
    path,
    role: options.role,
    format: 'unknown',
    gzip,
    envelope: source.envelope?.codec,
    size: 0,
  };
  const checkKernel = options.fast === false ? undefined : borrowCheckKernel();
  const input = new RdbInput(source, windowBytes, checkKernel?.window());
  input.onProgress = (offset) => options.onProgress?.({ file: path, offset, size: source.size });
  let content: Content = 'unknown';
  try {
    input.ensure(sniffBytes);
    content = sniff(input.bytes.subarray(input.position, Math.min(input.limit, sniffBytes)), path);
    if (content === 'manifest') return { report, content };
    await checkContent(content, input, report, findings, { ...options, reopen, checkKernel });
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    findings.add(error.code, path, error.offset, error.details);
  } finally {
    source.close();
    returnCheckKernel(checkKernel);
  }
  report.size = input.base + input.limit;
  if (source.size !== undefined && report.size !== source.size) {
    findings.add('input.changed', path, Math.min(report.size, source.size), {
      expected: `${source.size} bytes`,
      found: `${report.size} bytes`,
    });
  }
  return { report, content };
}

/** Beyond what is asked: where a second reading finds the file, and whose memory the input's window is. */
export type ContentOptions = FileCheckOptions & { readonly reopen?: string; readonly checkKernel?: CheckKernel };

/** Checks what `sniff` took for `content`, from where `input` stands to its end. */
export async function checkContent(
  content: Content,
  input: RdbInput,
  report: FileReport,
  findings: FindingList,
  options: ContentOptions,
): Promise<void> {
  if (content === 'foreign' || content === 'wrapped') {
    addForeign(findings, report.path, input);
    return passRest(input);
  }
  if (content === 'empty') {
    report.format = 'empty';
    report.validUpTo = 0;
    // A rewrite leaves an empty increment; any other file of 0 bytes may be all that is left of one.
    if (report.role !== 'incr') findings.add('input.empty', report.path, 0, { found: '0 bytes' });
    return;
  }
  if (content === 'rdb') {
    report.format = 'rdb';
    // Each kind of file loads its own checker: the start-up weighs on small files.
    const { RdbCheck } = await import('./check-rdb.ts');
    const check = new RdbCheck(input, report.path, findings, options);
    const before = { kept: findings.findings.length, ...counts(findings) };
    await check.run();
    report.rdb = check.report;
    const other = findings.errors > before.errors ? await otherForm(options.reopen) : undefined;
    if (other !== undefined) {
      findings.rewind(before);
      report.rdb = undefined;
      report.format = 'unknown';
      findings.add('input.wrapped', report.path, 0, { expected: 'an RDB', found: other });
      return passRest(input);
    }
    if (!check.complete) return passRest(input);
    report.validUpTo = input.offset;
    if (input.atEnd() || !isTail(input, report, options)) return checkTrailing(input, report, findings);
    report.format = 'hybrid';
  } else {
    const payload = content === 'unknown' ? await otherForm(options.reopen) : undefined;
    if (payload !== undefined) {
      findings.add('input.wrapped', report.path, 0, { expected: 'an RDB or an AOF', found: payload });
      return passRest(input);
    }
    report.format = 'aof';
  }
  const { AofCheck } = await import('./check-aof.ts');
  await new AofCheck(input, report, findings, { ...options, payloads: 'all' }).run();
}

const counts = ({ errors, warnings, infos }: FindingList) => ({ errors, warnings, infos });

/** What a file with faults was that only all of it tells; undefined where nothing does, or where it cannot be read again. */
async function otherForm(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const { otherFormOf } = await import('../aof/recovery.ts');
  return otherFormOf(path);
}

/** Whether what follows an RDB is meant as the rest of an AOF. */
function isTail(input: RdbInput, report: FileReport, options: FileCheckOptions): boolean {
  const { aux } = report.rdb ?? { aux: {} as Record<string, string> };
  if (options.part || aux['aof-preamble'] === '1' || aux['aof-base'] === '1') return true;
  const first = input.bytes[input.position];
  return first === 0x2a || first === 0x23;
}

function checkTrailing(input: RdbInput, report: FileReport, findings: FindingList): void {
  const at = input.offset;
  passRest(input);
  const length = input.offset - at;
  if (length === 0) return;
  const found = `${length} more bytes`;
  findings.add('rdb.trailing', report.path, at, { length, expected: 'the end of the file', found });
}

/** Reads to the end, so that the size is known and a pipe's writer is not cut off. */
function passRest(input: RdbInput): void {
  input.position = input.limit;
  while (input.ensure(1)) input.position = input.limit;
}
