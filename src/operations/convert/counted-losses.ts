import { changesDigest, type Loss, minorLosses } from '../../servers/losses.ts';
import type { LossCount } from './options.ts';

/** Losses that are kept one by one; all are counted. */
const lossesMax = 1000;

/** Keeps account of what the target cannot hold. */
export class CountedLosses {
  readonly losses: Loss[] = [];
  /** Those that change a key's digest, all of them. */
  readonly changed: Loss[] = [];
  /** Losses that only `allowLoss` lets pass. */
  serious = 0;
  /** Function libraries are among them. */
  losesFunctions = false;
  private readonly counts = new Map<string, { -readonly [K in keyof LossCount]: LossCount[K] }>();

  /** `wanted`: somebody asked for this one. */
  add(loss: Loss, wanted = false): void {
    const { kind, outcome } = loss;
    if (!wanted && !minorLosses.has(kind)) this.serious++;
    if (kind === 'function') this.losesFunctions = true;
    if (changesDigest(kind)) this.changed.push(loss);
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
