import type { Loaded } from '../../dataset/load.ts';
import { type DatabaseSum, Digester } from '../../engine/digest.ts';
import type { Keyspace } from '../../engine/keyspace.ts';
import type { Flavor } from '../../servers/flavor.ts';

/** Sums up for the digest the keys that are written, database by database, while their values are at hand. */
export class DigestSums {
  /** Takes a key; undefined where no digest is wanted. */
  readonly key: ((database: number, keys: Keyspace, entry: number) => void) | undefined;
  private readonly digester: Digester | undefined;
  private readonly sums: DatabaseSum[] = [];
  private database = -1;

  /** `flavor`: the rules of the digest; undefined where none is wanted. `at`: the moment that decides which fields are past. */
  constructor({ codec, sources: reader }: Loaded, flavor: Flavor | undefined, at: number) {
    if (flavor === undefined) return;
    const digester = new Digester({ flavor, at, codec, reader });
    this.digester = digester;
    this.key = (database, keys, entry) => {
      if (database !== this.database) this.begin(database);
      digester.add(keys, entry);
    };
  }

  private begin(database: number): void {
    this.end();
    this.database = database;
  }

  private end(): void {
    if (this.digester === undefined || this.database < 0) return;
    this.sums.push({ index: this.database, sum: this.digester.takeSum() });
    this.database = -1;
  }

  /** The sums, all keys being written. */
  take(): DatabaseSum[] {
    this.end();
    return this.sums;
  }
}
