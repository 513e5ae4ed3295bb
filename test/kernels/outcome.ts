/* What a check says of some bytes, with the fast lanes or without them. */
import { sniff, sniffBytes } from '../../src/aof/layout.ts';
import { type FileReport, FindingList } from '../../src/aof/report.ts';
import { checkContent } from '../../src/checks/check-file.ts';
import { MemorySource } from '../../src/io/source.ts';
import { borrowCheckKernel, returnCheckKernel } from '../../src/kernels/check-kernel.ts';
import { RdbInput } from '../../src/rdb/input.ts';

export interface Reading {
  readonly fast: boolean;
  /** Bytes of the window, and of one read at most. */
  readonly window: number;
  readonly chunk?: number;
  readonly reopen?: string;
}

/** Everything that a check reports, as text. */
export async function outcomeOf(bytes: Uint8Array, reading: Reading): Promise<string> {
  const { fast, window, chunk = Number.POSITIVE_INFINITY, reopen } = reading;
  const checkKernel = fast ? borrowCheckKernel() : undefined;
  if (fast && checkKernel === undefined) throw new Error('the checkKernel cannot be loaded');
  const input = new RdbInput(new MemorySource(bytes, 'memory', chunk), window, checkKernel?.window(window));
  const report: FileReport = { path: 'memory', role: 'file', format: 'unknown', gzip: false, size: 0 };
  const findings = new FindingList();
  try {
    input.ensure(sniffBytes);
    const content = sniff(input.bytes.subarray(input.position, Math.min(input.limit, sniffBytes)), 'memory');
    const options = { role: 'file', part: false, last: true, seed: 7, checkKernel, reopen } as const;
    if (content !== 'manifest') await checkContent(content, input, report, findings, options);
  } finally {
    returnCheckKernel(checkKernel);
  }
  return JSON.stringify({ report, findings: findings.findings, end: input.offset }, undefined, 1);
}
