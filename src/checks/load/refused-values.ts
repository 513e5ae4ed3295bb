import { LoadCheck, type LoadCheckOptions, type Refusal } from '../../rdb/load-check.ts';
import { alwaysLooksDeep } from '../../rdb/load-rules.ts';
import type { NotedFlaw, NotedLibrary, NotedValues } from '../../rdb/noted-values.ts';
import { mendedCodes } from '../../rdb/writer/mended-values.ts';
import type { Target } from '../../servers/targets.ts';

/** A value, or a library, that a target refuses to load. */
export interface RefusedValue {
  readonly path: string;
  readonly refusal: Refusal;
  readonly key?: NotedFlaw['key'];
}

/** So many are told one by one. */
export const refusedMax = 20;

/** What becomes of the values on their way to the target. */
export interface RefusalOptions {
  /** Whether libraries are looked at: where they are carried on. */
  readonly libraries: boolean;
  /** Whether streams are encoded anew where that puts them right, instead of being copied. */
  readonly mends: boolean;
  /** Whether unsorted intsets are among what is encoded anew: not where ranges of records are copied without a look. */
  readonly sorts?: boolean;
}

/** What a target refuses to load of what readings have noted, the libraries of a file first. */
export async function refusedValues(
  noted: readonly NotedValues[],
  target: Target,
  options: RefusalOptions,
): Promise<RefusedValue[]> {
  const found: RefusedValue[][] = [];
  for (const { flaws, libraries } of noted) {
    if (options.libraries) found.push(await refusedLibraries(libraries, target));
    found.push(refusedFlaws(flaws, target, options));
  }
  return found.flat();
}

function refusedFlaws(flaws: readonly NotedFlaw[], target: Target, options: RefusalOptions): RefusedValue[] {
  const refused: RefusedValue[] = [];
  const exam = new LoadCheck({ target, deep: alwaysLooksDeep(target) });
  for (const { path, key, note, type, rebuilt, ends } of flaws) {
    const outcome = ends ? 'refuses' : exam.outcome(note.code, type, rebuilt);
    if (outcome === 'loads' || isMended(note.code, options)) continue;
    const { code, offset, expected, found } = note;
    refused.push({ path, key, refusal: { code, offset, expected, found, outcome } });
  }
  return refused;
}

async function refusedLibraries(libraries: readonly NotedLibrary[], target: Target): Promise<RefusedValue[]> {
  const refused: RefusedValue[] = [];
  if (libraries.length === 0) return refused;
  const { checkLibrary } = await import('../../functions/library-check.ts');
  const options: LoadCheckOptions = { target, deep: alwaysLooksDeep(target), checkLibrary };
  const exam = new LoadCheck(options);
  for (const { path, code, offset } of libraries) {
    const refusal = exam.libraryRefusal(code, offset);
    if (refusal !== undefined) refused.push({ path, refusal });
  }
  return refused;
}

function isMended(code: string, { mends, sorts = false }: RefusalOptions): boolean {
  return mends && mendedCodes.has(code) && (sorts || code !== 'intset.order');
}
