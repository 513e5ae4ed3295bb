import { nextTarget, type Target } from '../servers/targets.ts';

/**
 * Finds the server version to write for where none was asked for: from the one that the input needs on, the first that can hold all of it,
 * but none newer than `last`, the version that is known to have written the input. Where none can, the oldest of those that lose least.
 */
export class TargetSearch {
  private best: Target | undefined;
  private least = Number.POSITIVE_INFINITY;
  private readonly isFixed: boolean;
  private readonly last: Target | undefined;
  private ended = false;

  constructor(isFixed: boolean, last?: Target) {
    this.isFixed = isFixed;
    this.last = last;
  }

  /** What to write for next, after `serious` losses at `target`; undefined where what was written for that stays. */
  next(target: Target, serious: number): Target | undefined {
    if (this.isFixed || this.ended || serious === 0) return undefined;
    if (serious < this.least) {
      this.least = serious;
      this.best = target;
    }
    const newer = target === this.last ? undefined : nextTarget(target);
    if (newer !== undefined) return newer;
    this.ended = true;
    return this.best === target ? undefined : this.best;
  }
}
