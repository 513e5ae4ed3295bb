import type { Flavor } from '../servers/flavor.ts';
import type { ChosenRules } from './flavor-choice.ts';
import { type ForeignCommand, otherRules } from './version-hints.ts';

/** Whose rules are tried where those of the target refuse commands. */
const candidates: readonly Flavor[] = ['redis-8', 'valkey-9'];

/**
 * Finds the rules to replay a log by where no RDB names the server that wrote it: first those of the target, or the newest; then those of
 * servers that know every command of the log. A server writes no command to its log that it has refused, so that where the rules of a
 * target refuse some, the log is of a server of other rules: then those that refuse least.
 */
export class RulesSearch {
  rules: ChosenRules;
  private readonly refusals = new Map<Flavor, number>();
  private ended = false;

  constructor(rules: ChosenRules) {
    this.rules = rules;
  }

  /** After a log was replayed by `rules`: whether it is to be replayed once more, by those that `rules` then are. */
  next(foreign: readonly ForeignCommand[], refused: number): boolean {
    const { rules, refusals } = this;
    refusals.set(rules.flavor, refused);
    if (this.ended) return false;
    const other = otherRules(rules, foreign);
    if (other !== undefined && !refusals.has(other.flavor)) {
      this.rules = other;
      return true;
    }
    if (refused === 0 || rules.because === 'rdb' || rules.because === 'default' || rules.flavor === 'redis-6.2')
      return false;
    const untried = candidates.find((flavor) => !refusals.has(flavor));
    this.ended = untried === undefined;
    const flavor = untried ?? this.least();
    if (flavor === rules.flavor) return false;
    this.rules = { flavor, because: 'commands' };
    return true;
  }

  /** The rules that refused least, the first that were tried of several. */
  private least(): Flavor {
    return [...this.refusals].reduce((best, one) => (one[1] < best[1] ? one : best))[0];
  }
}
