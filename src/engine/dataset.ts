import { LimitError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { CommandView } from '../resp/command-view.ts';
import { Keyspace } from './keyspace.ts';

/** A whole dataset: databases by index, and function libraries by name. */
export class Dataset {
  /** Number of databases; a SELECT of this index or a higher one fails. */
  readonly databaseLimit: number;
  /** Source text of each function library, by its name; both binary strings. In the order of loading. */
  readonly libraries = new Map<string, string>();
  /**
   * SCRIPT LOAD and SCRIPT FLUSH that no call of a script came after: where they lie, without their arguments. Scripts of an RDB have
   * their arguments and no length.
   */
  readonly scriptChanges: CommandView[] = [];
  readonly #databases = new Map<number, Keyspace>();
  #selected: Keyspace | undefined;
  readonly #seed: number | undefined;

  constructor(databaseLimit = 16, seed?: number) {
    this.databaseLimit = databaseLimit;
    this.#seed = seed;
  }

  /** Database `index`, made on first use. */
  database(index: number): Keyspace {
    let keyspace = this.#databases.get(index);
    if (keyspace === undefined) {
      this.#makeRoom();
      keyspace = new Keyspace(this.#seed);
      this.#databases.set(index, keyspace);
    }
    return keyspace;
  }

  /** Database `index`, held on to until another one is selected. */
  select(index: number): Keyspace {
    this.#selected = this.database(index);
    return this.#selected;
  }

  /** Lets go of databases without keys where there are as many as may be held. */
  #makeRoom(): void {
    const most = limits().databases;
    if (this.#databases.size < most) return;
    for (const [index, keyspace] of this.#databases)
      if (keyspace.count === 0 && keyspace !== this.#selected) this.#databases.delete(index);
    if (this.#databases.size < most) return;
    throw tooManyDatabases(most);
  }

  /** Indexes of the databases that hold at least one key, ascending. */
  occupied(): number[] {
    const indexes: number[] = [];
    for (const [index, keyspace] of this.#databases) if (keyspace.count > 0) indexes.push(index);
    return indexes.sort((a, b) => a - b);
  }

  /** Number of keys in all databases. */
  get keyCount(): number {
    let count = 0;
    for (const keyspace of this.#databases.values()) count += keyspace.count;
    return count;
  }

  /** Exchanges two databases whole. */
  swap(first: number, second: number): void {
    const one = this.database(first);
    this.#databases.set(first, this.database(second));
    this.#databases.set(second, one);
  }

  /** Removes every key of every database; functions stay. */
  flush(): void {
    for (const keyspace of this.#databases.values()) if (keyspace.count > 0) keyspace.clear();
  }
}

/** The error of a dataset with keys in more databases than may be held. */
export function tooManyDatabases(most: number): LimitError {
  return new LimitError('', `more than ${most} databases hold keys`, '--max-databases');
}
