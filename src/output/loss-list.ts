import { append } from '../arrays.ts';
import { changesDigest, type Loss, minorLosses } from '../servers/losses.ts';

/** Losses that are kept one by one; all are counted. */
const lossesMax = 1000;

/** What the target cannot hold, in a form that can be sent between threads. */
export interface LossReport {
  /** The first of them. */
  readonly losses: Loss[];
  /** Those that change a key's digest, all of them. */
  readonly changed: Loss[];
  count: number;
  /** How many are not minor. */
  serious: number;
  /** Function libraries are among them. */
  losesFunctions: boolean;
}

export function noLosses(): LossReport {
  return { losses: [], changed: [], count: 0, serious: 0, losesFunctions: false };
}

export function addLoss(report: LossReport, loss: Loss): void {
  report.count++;
  if (!minorLosses.has(loss.kind)) report.serious++;
  if (loss.kind === 'function') report.losesFunctions = true;
  if (changesDigest(loss.kind)) report.changed.push(loss);
  if (report.losses.length < lossesMax) report.losses.push(loss);
}

/** Adds what another thread has reported. */
export function addLosses(report: LossReport, other: LossReport): void {
  report.count += other.count;
  report.serious += other.serious;
  report.losesFunctions ||= other.losesFunctions;
  append(report.changed, other.changed);
  append(report.losses, other.losses.slice(0, lossesMax - report.losses.length));
}
