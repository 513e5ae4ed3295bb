import type { Dataset } from '../../engine/dataset.ts';
import type { Flavor } from '../../engine/flavor.ts';
import type { Loss } from '../../rdb/writer/losses.ts';
import { flavorOfReport } from '../dataset/flavor-choice.ts';
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

/** What the output is compared with. */
export interface Expected {
  /** Of what was read. */
  readonly digest: string;
  /** Keys of which the target cannot hold everything: they are left out on both sides. */
  readonly changed: readonly Loss[];
  /** The rules by which the output is read. */
  readonly flavor: Flavor;
  /** The rules of the generation that it was written for: those of its payloads. */
  readonly payloads: Flavor;
}

/**
 * Reads the output again and compares digests. Throws VerificationError.
 */
export async function verifyOutput(
  path: string,
  loaded: Loaded,
  { digest, changed, flavor, payloads }: Expected,
  options: RewriteOptions,
): Promise<void> {
  const { at, onProgress, pause } = options;
  const again = await loadDataset(path, { flavor, payloads, at, onProgress, pause, expired: 'keep', opaque: 'keep' });
  try {
    if (again.findings.errors > 0) {
      const [first] = again.findings.findings;
      throw new VerificationError(`the output is not sound: ${first.code} at offset ${first.offset} of ${first.file}`);
    }
    for (const dataset of changed.length > 0 ? [loaded.dataset, again.dataset] : []) removeKeys(dataset, changed);
    const counted = flavorOfReport(flavor);
    const expected = changed.length === 0 ? digest : digestOf(loaded, counted, at);
    const found = digestOf(again, counted, at);
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
