import { Dataset } from '../../engine/dataset.ts';
import type { ConflictPolicy } from './options.ts';

/** Conflicts that are kept by name. */
const namesMax = 20;

/** Remembers which keys were written, where two of a name may meet; nothing but the names is held in memory. */
export class SeenKeys {
  count = 0;
  readonly first: { readonly db: number; readonly key: string }[] = [];
  readonly policy: ConflictPolicy;
  private readonly seen = new Dataset(2 ** 31);
  private readonly libraries = new Map<string, string>();

  constructor(policy: ConflictPolicy) {
    this.policy = policy;
  }

  /** Whether nobody wrote this key before. */
  take(database: number, key: Buffer, from: number, to: number): boolean {
    const keys = this.seen.database(database);
    if (keys.find(key, from, to - from) < 0) {
      keys.insertAfterFind(key, from, to - from);
      return true;
    }
    this.note(database, key.latin1Slice(from, to));
    return false;
  }

  /** Whether nobody wrote this library before; the same code twice is no conflict. */
  takeLibrary(code: string): boolean {
    const name = /^#![^\n]*\bname=([A-Za-z0-9_]+)/.exec(code)?.[1] ?? code;
    const known = this.libraries.get(name);
    if (known === undefined) this.libraries.set(name, code);
    else if (known !== code) this.note(0, `function library ${name}`);
    return known === undefined;
  }

  private note(db: number, key: string): void {
    this.count++;
    if (this.first.length < namesMax) this.first.push({ db, key });
  }
}
