import { sniff, sniffBytes } from '../../aof/layout.ts';
import type { AtomicFile } from '../../bytes/sink.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { checkContent } from '../check/check-file.ts';
import type { Sources } from '../dataset/sources.ts';
import type { FileReport, FindingList, Progress } from '../report.ts';
import { PiecesSource } from './pieces-source.ts';
import type { FileScan, Region } from './plan.ts';
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
  const pieces = piecesOf(scan.size, regions);
  const source = new PiecesSource(sources.reopen(index), pieces, scan.rdbVersion, (bytes, position, length) =>
    out.write(position === 0 && length === bytes.length ? bytes : bytes.subarray(position, position + length)),
  );
  const lanes = borrowLanes();
  const input = new RdbInput(source, windowBytes, lanes?.window());
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
      lanes,
    });
    // The check may stop at an error: the rest is written all the same.
    input.position = input.limit;
    while (input.ensure(1)) input.position = input.limit;
  } finally {
    returnLanes(lanes);
  }
}
