import type { Dataset } from '../../engine/dataset.ts';
import { type Loss, minorLosses } from '../../rdb/writer/losses.ts';
import { type Loaded, loadDataset } from '../dataset/load.ts';
import { digestOf } from '../digest.ts';
import type { RewriteOptions } from './options.ts';

/** What was written does not hold what was read: a bug of ours. Nothing was replaced. */
export class VerificationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VerificationError';
  }
}

/**
 * Reads the output again and compares digests. Keys of which the target cannot hold everything are left out on both sides.
 * Throws VerificationError.
 */
export async function verifyOutput(
  path: string,
  loaded: Loaded,
  losses: readonly Loss[],
  lossCount: number,
  digest: string,
  options: RewriteOptions,
): Promise<void> {
  const serious = losses.filter((loss) => !minorLosses.has(loss.kind) && loss.key !== '');
  if (lossCount > losses.length) throw new VerificationError('there are too many losses to verify what is left');
  const { flavor } = loaded.session;
  const { at, onProgress, pause } = options;
  const again = await loadDataset(path, { flavor, at, onProgress, pause, expired: 'keep', opaque: 'keep' });
  try {
    if (again.findings.errors > 0) {
      const [first] = again.findings.findings;
      throw new VerificationError(`the output is not sound: ${first.code} at offset ${first.offset} of ${first.file}`);
    }
    for (const dataset of serious.length > 0 ? [loaded.dataset, again.dataset] : []) removeKeys(dataset, serious);
    const expected = serious.length > 0 ? digestOf(loaded, flavor, at) : digest;
    const found = digestOf(again, flavor, at);
    if (found !== expected) throw new VerificationError(`the output has the digest ${found}, the input ${expected}`);
  } finally {
    again.close();
  }
}

function removeKeys(dataset: Dataset, losses: readonly Loss[]): void {
  for (const { db, key } of losses) {
    const keys = dataset.database(db);
    const bytes = Buffer.from(key, 'latin1');
    const entry = keys.find(bytes, 0, bytes.length);
    if (entry >= 0) keys.remove(entry);
  }
}
