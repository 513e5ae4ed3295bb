import { isDeepStrictEqual } from 'node:util';
import type { RecordLikelihood } from './likelihood.ts';
import type { Alternative, Skip } from './paths.ts';

/*
 * Since version 7 each database of an RDB says how many keys it has:
 *
 *     fe db  fb keys expiries  key key [ skipped ] key …  fe db …
 *
 * What is skipped has taken one key with it, or some where little is known of it. A piece of a damaged value that was taken for a
 * key makes one too many, and a torn value that swallowed its neighbours some too few.
 */

/** What it costs, in bits, that a skip should have taken a key with it and has not, or more than the one whose value it holds. */
const keyTooManyCost = 16;
const keyTooFewCost = 16;
/** The same for a skip of which less is known. */
const looseTooManyCost = 14;
const looseTooFewCost = 4;
/** Rounds in which each skip is looked at again, where a database has several. */
const rounds = 3;

type Others = (evidence: RecordLikelihood) => readonly Alternative[];

/** Of so many skips each is looked at again, of more only those in databases that disagree. */
const gapsMax = 64;

interface Gap {
  /** The fault that led to it. */
  readonly fault: number;
  readonly skips: Skip[];
  readonly others: Others;
}

interface Section {
  readonly db: number;
  /** Keys, and keys with an expiry, by RESIZEDB; -1 where it says nothing. */
  declared: number;
  declaredExpires: number;
  keys: number;
  expires: number;
  readonly gaps: Gap[];
}

/** Where a reading stood among the databases. */
export interface SectionMark {
  readonly sections: number;
  readonly section: Readonly<Pick<Section, 'declared' | 'declaredExpires' | 'keys' | 'expires'>>;
}

/** What is declared of a database, and what was found of it. */
export interface DatabaseCount {
  readonly db: number;
  /** -1 where the file does not say it of all its records. */
  declared: number;
  declaredExpires: number;
  keys: number;
  expires: number;
  /** Places where bytes were left out. */
  gaps: number;
}

const newSection = (db: number): Section => ({
  db,
  declared: -1,
  declaredExpires: -1,
  keys: 0,
  expires: 0,
  gaps: [],
});

/** Compares the keys that are found in each database with the number that is declared. */
export class SectionCounts {
  private readonly sections: Section[] = [newSection(0)];

  private get last(): Section {
    return this.sections[this.sections.length - 1];
  }

  /** A key was found. */
  add(expires: boolean): void {
    const { last } = this;
    last.keys++;
    if (expires) last.expires++;
  }

  /** RESIZEDB. A second one in a database belongs to the next, whose SELECTDB is lost. */
  declare(db: number, keys: number, expires: number): void {
    if (this.last.declared >= 0) this.begin(db);
    this.last.declared = keys;
    this.last.declaredExpires = expires;
  }

  /** A database begins. */
  begin(db: number): void {
    this.sections.push(newSection(db));
  }

  mark(): SectionMark {
    const { declared, declaredExpires, keys, expires } = this.last;
    return { sections: this.sections.length, section: { declared, declaredExpires, keys, expires } };
  }

  /** Reading goes back to `mark`. */
  rewind({ sections, section }: SectionMark): void {
    this.sections.length = sections;
    Object.assign(this.last, section);
  }

  /** What is declared and was found so far, by database. */
  totals(): DatabaseCount[] {
    const totals = new Map<number, DatabaseCount>();
    for (const { db, declared, declaredExpires, keys, expires, gaps } of this.sections) {
      const known = totals.get(db);
      if (known === undefined) {
        totals.set(db, { db, declared, declaredExpires, keys, expires, gaps: gaps.length });
        continue;
      }
      // A section that holds nothing declares nothing: each reading begins with one.
      const isNothing = known.declared < 0 && known.keys === 0 && known.gaps === 0;
      known.declared = isNothing ? declared : sumOf(known.declared, declared);
      known.declaredExpires = isNothing ? declaredExpires : sumOf(known.declaredExpires, declaredExpires);
      known.keys += keys;
      known.expires += expires;
      known.gaps += gaps.length;
    }
    return [...totals.values()];
  }

  /** Bytes are left out here. */
  pass(skip: Skip, fault: number, others: Others): void {
    const { gaps } = this.last;
    const gap = gaps.find((one) => one.fault === fault);
    if (gap !== undefined) gap.skips.push(skip);
    else gaps.push({ fault, skips: [skip], others });
  }

  /** How little the keys that were found agree with what is declared, in bits. */
  get disagreement(): number {
    let bits = 0;
    for (const section of this.sections) if (section.declared >= 0) bits += costOfSection(section);
    return bits;
  }

  /** By the place of each fault, another way around it that agrees better; undefined where there is none. */
  betterWays(evidence: RecordLikelihood): ReadonlyMap<number, readonly Skip[]> | undefined {
    const ways = new Map<number, readonly Skip[]>();
    const few = this.sections.reduce((sum, { gaps }) => sum + gaps.length, 0) <= gapsMax;
    for (const section of this.sections) {
      if (section.declared < 0 || (!few && costOfSection(section) === 0)) continue;
      improve(section, evidence, ways);
    }
    return ways.size === 0 ? undefined : ways;
  }
}

/** Unknown, where one of them is. */
const sumOf = (left: number, right: number): number => (left < 0 || right < 0 ? -1 : left + right);

/** The way around each gap of a database that is taken so far. */
interface Choice {
  readonly skips: readonly Skip[];
  readonly keys: number;
  readonly score: number;
}

function improve(
  { declared, keys, gaps }: Section,
  evidence: RecordLikelihood,
  ways: Map<number, readonly Skip[]>,
): void {
  const missing = declared - keys;
  const others = gaps.map((gap) => gap.others(evidence));
  const choices = gaps.map(({ skips }, index) => asTaken(skips, others[index]));
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < gaps.length; index++) {
      let most = worthOf(choices, missing);
      for (const { keys: more, score, skips } of others[index]) {
        // A way for which so little speaks need not be looked at.
        if (costless(choices, index, score) <= most) continue;
        const other = choices.with(index, { skips: skips(), keys: more, score });
        const value = worthOf(other, missing);
        if (value <= most) continue;
        most = value;
        choices[index] = other[index];
        ways.set(gaps[index].fault, other[index].skips);
      }
    }
  }
}

/** The way that was taken. What is known in the end may speak for another with as many keys. */
function asTaken(skips: readonly Skip[], others: readonly Alternative[]): Choice {
  const same = others.find(({ keys }) => keys === 0);
  if (same === undefined) return { skips, keys: 0, score: 0 };
  const isSame = isDeepStrictEqual(same.skips(), skips);
  return { skips, keys: 0, score: isSame ? same.score : same.score - 1 };
}

function worthOf(choices: readonly Choice[], missing: number): number {
  let value = 0;
  let left = missing;
  for (const { score, keys } of choices) {
    value += score;
    left -= keys;
  }
  const skips = choices.flatMap(({ skips }) => skips);
  return value - costOf(left, skips);
}

function costOfSection({ declared, keys, gaps }: Section): number {
  const skips = gaps.flatMap(({ skips }) => skips);
  return costOf(declared - keys, skips);
}

/** What would speak for a choice if nothing disagreed. */
const costless = (choices: readonly Choice[], index: number, score: number): number =>
  choices.reduce((sum, choice, other) => sum + (other === index ? score : choice.score), 0);

/** What speaks against it, in bits, that `missing` keys lie in these skips. */
function costOf(missing: number, skips: readonly Skip[]): number {
  if (missing < skips.length) {
    const least = skips.filter(({ head }) => head).length;
    const heads = Math.max(0, least - Math.max(missing, 0));
    return (
      heads * keyTooManyCost +
      (skips.length - Math.max(missing, 0) - heads) * looseTooManyCost +
      Math.max(0, -missing) * keyTooManyCost
    );
  }
  const each = skips.some(({ whole }) => !whole) ? looseTooFewCost : keyTooFewCost;
  return (missing - skips.length) * each;
}
