import nodePath from 'node:path';
import { OutputLock } from '../../../io/output-lock.ts';
import { likeInputs } from '../../../io/protection.ts';
import { fileDestination, refuseExisting } from '../../../output/destination.ts';
import type { MemoryResult } from '../memory.ts';
import { memoryPage } from './page.ts';

/**
 * Writes the page of some reports; it gets its name when it is whole, and is no wider readable than what it was made from. `isComparison`:
 * the second report is an earlier state of the first. Throws UsageError where something is there already, UnwritableError.
 */
export function writeMemoryPage(
  path: string,
  reports: readonly MemoryResult[],
  options: { readonly isComparison: boolean; readonly force: boolean },
): void {
  refuseExisting(path, options.force, false);
  const lock = OutputLock.acquire(path);
  try {
    const protection = likeInputs(
      reports.map((report) => report.path),
      nodePath.dirname(path),
    );
    const destination = fileDestination(path, false, { lock, protection });
    try {
      destination.main.write(Buffer.from(memoryPage(reports, options.isComparison), 'utf8'));
      destination.finish();
      destination.commit();
    } catch (error) {
      destination.abandon();
      throw error;
    }
  } finally {
    lock.release();
  }
}
