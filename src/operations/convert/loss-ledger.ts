import { changesDigest, type Loss, minorLosses } from '../../rdb/writer/losses.ts';
import type { LossCount } from './options.ts';

/** Losses that are kept one by one; all are counted. */
const lossesMax = 1000;

/** Keeps account of what the target cannot hold. */
export class LossLedger {
  readonly losses: Loss[] = [];
  /** Losses that only `allowLoss` lets pass. */
  serious = 0;
  /** Whether the dataset that is left has the digest that it had. */
  keepsDigest = true;
  private readonly counts = new Map<string, { -readonly [K in keyof LossCount]: LossCount[K] }>();

  /** `wanted`: somebody asked for this one. */
  add(loss: Loss, wanted = false): void {
    const { kind, outcome } = loss;
    if (!wanted && !minorLosses.has(kind)) this.serious++;
    if (changesDigest(kind)) this.keepsDigest = false;
    if (this.losses.length < lossesMax) this.losses.push(loss);
    const id = `${kind} ${outcome}`;
    const known = this.counts.get(id);
    if (known === undefined) this.counts.set(id, { kind, outcome, count: 1 });
    else known.count++;
  }

  /** How much was lost of each kind. */
  totals(): readonly LossCount[] {
    return [...this.counts.values()];
  }
}
