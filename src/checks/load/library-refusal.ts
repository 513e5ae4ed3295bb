import { LoadCheck } from '../../rdb/load-check.ts';
import type { Target } from '../../servers/targets.ts';

/** Why the target does not load a function library that a log has left in the dataset; undefined where it loads all, or may. */
export async function libraryRefusal(
  libraries: ReadonlyMap<string, string>,
  target: Target,
): Promise<string | undefined> {
  // A target without functions loses them, which is told as a loss.
  if (libraries.size === 0 || !target.hasFunctions) return undefined;
  const { checkLibrary } = await import('../../functions/library-check.ts');
  const exam = new LoadCheck({ target, deep: false, checkLibrary });
  for (const [name, code] of libraries) {
    const refusal = exam.libraryRefusal(code, 0);
    if (refusal?.outcome === 'refuses')
      return `${target.name} refuses to load the function library ${JSON.stringify(name)} (${refusal.code}: ${refusal.found})`;
  }
  return undefined;
}
