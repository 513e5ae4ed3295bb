import { checkLibrary } from '../../functions/library-check.ts';
import { LoadExam, type Refusal } from '../../rdb/load-exam.ts';
import { type Target, targets } from '../../rdb/targets.ts';
import type { FindingList } from '../report.ts';

/** A function library of an RDB, and where its record begins. */
export interface PlacedLibrary {
  readonly code: string;
  readonly offset: number;
}

/** Tells of libraries that servers refuse: all of those with functions, or some. */
export function addLibraryFindings(libraries: readonly PlacedLibrary[], file: string, findings: FindingList): void {
  const able = targets.filter(({ hasFunctions }) => hasFunctions);
  const exams = able.map((target) => new LoadExam({ target, deep: false, checkLibrary }));
  for (const { code, offset } of libraries) {
    const refusals = exams.map((exam) => exam.libraryRefusal(code, offset));
    const refusing = able.filter((_, index) => refusals[index]?.outcome === 'refuses');
    const first = refusals.find((refusal) => refusal?.outcome === 'refuses');
    if (first !== undefined) add(first, refusing, able.length, file, findings);
  }
}

function add(refusal: Refusal, refusing: readonly Target[], all: number, file: string, findings: FindingList): void {
  const { code, offset, found } = refusal;
  const isAll = refusing.length === all;
  const who = isAll ? 'Every server with functions' : refusing.map(({ name }) => name).join(', ');
  findings.add(code, file, offset, {
    severity: isAll ? 'error' : 'warning',
    expected: 'a function library that servers load',
    found,
    advice: `${who} exits with "Failed loading library".`,
  });
}
