import { sniff, sniffBytes } from '../../aof/layout.ts';
import type { FileReport, FindingList, Progress } from '../../aof/report.ts';
import { checkContent } from '../../checks/check-file.ts';
import type { Sources } from '../../dataset/sources.ts';
import type { AtomicFile } from '../../io/atomic-file.ts';
import { FileSource } from '../../io/source.ts';
import { borrowCheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { PiecesSource } from './pieces-source.ts';
import type { FileScan, Region } from './plan.ts';
import { outside, spansWithin } from './rdb-recovery/valid-ranges.ts';
import { piecesOf } from './regions.ts';

export interface CheckedCopyOptions {
  readonly part: boolean;
  readonly last: boolean;
  readonly seed: number;
  readonly pause: () => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Writes a file without its regions into `out`, and checks what is written on the way, as `check` would. Problems go to
 * `findings`, under the path of `out`. Throws UnreadableError, UnwritableError.
 */
export async function writeChecked(
  sources: Sources,
  index: number,
  scan: FileScan,
  regions: readonly Region[],
  out: AtomicFile,
  findings: FindingList,
  options: CheckedCopyOptions,
): Promise<void> {
  const source = new PiecesSource(
    sources.reopen(index),
    piecesOf(scan.size, regions),
    scan.rdbVersion,
    (bytes, position, length) =>
      out.write(position === 0 && length === bytes.length ? bytes : bytes.subarray(position, position + length)),
  );
  await checkSource(source, scan, out, findings, options);
}

/**
 * Checks a log that was written without its regions, and is not committed yet. What the reading of the damaged one has proven is passed
 * over: the new file is read where its pieces meet, with the records before and behind, and where all was not in order. Throws
 * UnreadableError.
 */
export async function checkJoins(
  scan: FileScan,
  regions: readonly Region[],
  out: AtomicFile,
  findings: FindingList,
  options: CheckedCopyOptions,
): Promise<void> {
  const written = FileSource.open(out.temporaryPath);
  try {
    const spans = spansWithin(piecesOf(scan.size, regions), scan.proven);
    const source = new PiecesSource(written, outside(out.length, spans), scan.rdbVersion, () => {});
    await checkSource(source, scan, out, findings, options);
  } finally {
    written.close();
  }
}

async function checkSource(
  source: PiecesSource,
  scan: FileScan,
  out: AtomicFile,
  findings: FindingList,
  options: CheckedCopyOptions,
): Promise<void> {
  const checkKernel = borrowCheckKernel();
  const input = new RdbInput(source, windowBytes, checkKernel?.window());
  input.onProgress = (offset) => options.onProgress?.({ file: out.path, offset, size: source.size });
  const report: FileReport = { path: out.path, role: scan.role, format: 'unknown', gzip: false, size: 0 };
  try {
    input.ensure(Math.min(sniffBytes, source.size));
    const head = input.bytes.subarray(input.position, Math.min(input.limit, sniffBytes));
    const { role } = scan;
    await checkContent(sniff(head, out.path), input, report, findings, {
      ...options,
      role,
      reopen: out.temporaryPath,
      checkKernel,
    });
    // The check may stop at an error: the rest is written all the same.
    input.position = input.limit;
    while (input.ensure(1)) input.position = input.limit;
  } finally {
    returnCheckKernel(checkKernel);
  }
}
