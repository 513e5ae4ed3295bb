import { KeyJson } from '../../keys/key-json.ts';
import { type Key, KeyMaker } from '../../keys/key-maker.ts';
import { type ScanOptions, type ScanResult, scanKeys } from '../../keys/scan-keys.ts';
import type { Target } from '../../servers/targets.ts';

export interface GetOptions extends ScanOptions {
  /** Only the key of this database; by default those of all. */
  readonly database?: number;
  /** Whether the keys are wanted as JSON, too. */
  readonly json?: boolean;
  /** For which server version a value that commands made is serialized. */
  readonly target?: Target;
}

export interface GetResult extends ScanResult {
  /** The key in each database that has it. */
  readonly found: readonly Key[];
  /** The same as JSON, where that is wanted. */
  readonly json: readonly string[];
}

/** The key of this name, with its value serialized and decoded. An RDB is read up to the key only, where one database is asked for. Throws as `scanKeys`. */
export async function getKey(path: string, name: Buffer, options: GetOptions): Promise<GetResult> {
  const { database, target } = options;
  const maker = new KeyMaker({ raw: true, encoded: true, value: true }, target);
  const lines = new KeyJson(maker);
  const found: Key[] = [];
  const json: string[] = [];
  const result = await scanKeys(path, options, {
    begin: (facts) => maker.begin(facts),
    key: (record) => {
      const { key, keyFrom, keyTo } = record;
      if (keyTo - keyFrom !== name.length || (database !== undefined && record.database !== database)) return undefined;
      if (name.compare(key, keyFrom, keyTo) !== 0) return undefined;
      if (options.json) json.push(lines.key(record));
      found.push(maker.make(record));
      return database === undefined;
    },
  });
  return { ...result, found, json };
}
