import type { FindingList } from '../aof/report.ts';
import { checkLibrary } from '../functions/library-check.ts';
import { LoadCheck, type Refusal } from '../rdb/load-check.ts';
import { type Target, targets } from '../servers/targets.ts';

/** A function library of an RDB, and where its record begins. */
export interface PlacedLibrary {
  readonly code: string;
  readonly offset: number;
}

/** Tells of libraries of an RDB that servers refuse: all of those with functions, or some. */
export function addLibraryFindings(libraries: readonly PlacedLibrary[], file: string, findings: FindingList): void {
  const exams = able.map(examFor);
  for (const { code, offset } of libraries) {
    const { first, all, who } = verdictOf(exams.map((exam) => exam.libraryRefusal(code, offset)));
    if (first === undefined) continue;
    const advice = `${who} exits with "Failed loading library".`;
    findings.add(first.code, file, offset, { severity: all ? 'error' : 'warning', ...detailsOf(first), advice });
  }
}

/** Tells of libraries that a log loads, each for itself: a server that refuses one goes on without it, unless it dies of it. */
export function addLoggedLibraryFindings(
  libraries: readonly PlacedLibrary[],
  file: string,
  findings: FindingList,
): void {
  for (const { code, offset } of libraries) {
    const refusals = able.map((target) => examFor(target).libraryRefusal(code, offset));
    const { first, who } = verdictOf(refusals);
    if (first === undefined) continue;
    const crashes = first.code === 'rdb.function.crash';
    const advice = crashes
      ? `${who} crashes.`
      : `${who} replies an error to FUNCTION LOAD and goes on without the library.`;
    const severity = crashes ? 'error' : 'warning';
    findings.add(first.code, file, offset, { severity, repairable: false, ...detailsOf(first), advice });
  }
}

const able = targets.filter(({ hasFunctions }) => hasFunctions);
const examFor = (target: Target) => new LoadCheck({ target, deep: false, checkLibrary });
const detailsOf = ({ found }: Refusal) => ({ expected: 'a function library that servers load', found });

/** The first refusal, and which releases refuse. */
function verdictOf(refusals: readonly (Refusal | undefined)[]) {
  const refuses = refusals.map((refusal) => refusal?.outcome === 'refuses');
  const all = !refuses.includes(false);
  const names = able.filter((_, index) => refuses[index]).map(({ name }) => name);
  return {
    first: refusals.find((_, index) => refuses[index]),
    all,
    who: all ? 'Every server with functions' : names.join(', '),
  };
}
