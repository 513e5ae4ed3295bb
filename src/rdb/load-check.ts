import type { Target } from '../servers/targets.ts';
import { canonicalType } from '../servers/value-type-id.ts';
import type { RdbInput } from './input.ts';
import { type LoadOutcome, loadOutcome } from './load-rules.ts';
import { moduleTypeText } from './product.ts';
import type { ValueCheck } from './value-check.ts';

/** The code for a value of a type that the server does not know. */
export const unreadableType = 'rdb.value.unreadable';

/** Why a server ends at a value, or may. */
export interface Refusal {
  readonly outcome: Exclude<LoadOutcome, 'loads'>;
  readonly code: string;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  /** The value's canonical type, and whether it is larger than its compact form: what the table of rules needs. */
  readonly type?: number;
  readonly rebuilt?: boolean;
}

export interface LoadCheckOptions {
  readonly target: Target;
  /** Whether the server looks into values: `sanitize-dump-payload yes`, or Valkey 9.1. */
  readonly deep: boolean;
  /** What becomes of values of modules: `taken`, unless the server has no modules, or some that nobody knows. Default `taken`. */
  readonly modules?: 'taken' | 'refused' | 'unsure';
  /** What becomes of a function library (src/functions/library-check.ts). Default: it is loaded. */
  readonly checkLibrary?: (code: string, target: Target) => LibraryVerdict;
}

/** What becomes of a function library while a server loads it. */
export interface LibraryVerdict {
  readonly outcome: LoadOutcome;
  /** `rdb.function.` and what is wrong; '' where it loads. */
  readonly code: string;
  /** Why, in words; '' where it loads. */
  readonly reason: string;
  readonly name: string;
  /** The functions that it registers, as far as known. */
  readonly functions: readonly string[];
}

/** What a server of one release makes of a value that was checked in depth. */
export class LoadCheck {
  readonly options: LoadCheckOptions;
  /** Names of libraries, and of functions with brackets behind them. */
  private readonly taken = new Set<string>();

  constructor(options: LoadCheckOptions) {
    this.options = options;
  }

  /** Why the server ends at the value of this type that `check` was just given; undefined where it loads it. */
  refusal(check: ValueCheck, type: number, offset: number): Refusal | undefined {
    const { target } = this.options;
    const canonical = canonicalType(type, check);
    if (!target.reads.has(canonical)) {
      const expected = `a value type that ${target.name} reads`;
      return { outcome: 'refuses', code: unreadableType, offset, expected, found: String(type) };
    }
    const module = check.isVectorSet && !target.hasVectorSets ? 'vectorset' : check.moduleName;
    let unsure = module === '' ? undefined : this.moduleRefusal(module, offset);
    if (unsure?.outcome === 'refuses') return unsure;
    for (const note of check.notes) {
      const outcome = this.outcome(note.code, canonical, check.rebuilt);
      if (outcome === 'refuses') return { ...note, outcome };
      if (outcome === 'unsure') unsure ??= { ...note, outcome };
    }
    return unsure;
  }

  /** Why the server ends at a compressed string of no bytes, if there was one since the last call. */
  nothingRefusal(input: RdbInput): Refusal | undefined {
    const offset = input.emptyCompressedAt;
    if (offset < 0) return undefined;
    input.emptyCompressedAt = -1;
    const code = 'rdb.lzf.nothing';
    const outcome = loadOutcome(this.options.target, { code, type: -1, rebuilt: false }, false);
    return outcome === 'loads' ? undefined : { outcome, code, offset, expected: 'a byte or more', found: '0 bytes' };
  }

  /** Why the server ends at a function library; undefined where it loads it. */
  libraryRefusal(code: string, offset: number): Refusal | undefined {
    const { target, checkLibrary } = this.options;
    const expected = `a function library that ${target.name} loads`;
    if (!target.hasFunctions)
      return { outcome: 'refuses', code: 'rdb.function', offset, expected, found: 'any library' };
    const verdict = checkLibrary?.(code, target);
    if (verdict === undefined) return undefined;
    const { outcome, code: fault, reason, name, functions } = verdict;
    if (outcome !== 'loads') return { outcome, code: fault, offset, expected, found: reason };
    const twice = [name, ...functions.map((one) => `${one}()`)].find((one) => this.taken.has(one));
    this.taken.add(name);
    for (const one of functions) this.taken.add(`${one}()`);
    if (twice === undefined) return undefined;
    return { outcome: 'refuses', code: 'rdb.function.duplicate', offset, expected: 'each name once', found: twice };
  }

  private moduleRefusal(name: string, offset: number): Refusal | undefined {
    const { modules = 'taken' } = this.options;
    if (modules === 'taken') return undefined;
    const outcome = modules === 'refused' ? 'refuses' : 'unsure';
    const found = moduleTypeText(name);
    return { outcome, code: 'rdb.module.needed', offset, expected: 'a type of the server itself', found };
  }

  /** What the server does with a value of this canonical type in which that was found. */
  outcome(code: string, type: number, rebuilt: boolean): LoadOutcome {
    const { target, deep } = this.options;
    return loadOutcome(target, { code, type, rebuilt }, deep);
  }
}
