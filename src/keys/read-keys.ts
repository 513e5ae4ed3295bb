import { targetOfName } from '../dataset/flavor-choice.ts';
import { UnreadableError } from '../errors.ts';
import { inBatches } from './batches.ts';
import { type Key, KeyMaker } from './key-maker.ts';
import { type KeySelection, recordTest } from './key-selection.ts';
import { type ScanOptions, type ScanResult, scanKeys } from './scan-keys.ts';

/**
 * How much is read of a key. `raw`: its value as it is serialized. `encoded`: how it is encoded and how many elements it has. `value`: all
 * of that decoded.
 */
export type KeyLevel = 'raw' | 'encoded' | 'value';

export interface ReadKeysOptions extends Omit<ScanOptions, 'at'> {
  /** The moment of a replay, milliseconds since 1970. Default: now. */
  readonly at?: number;
  /** Default `value`. */
  readonly level?: KeyLevel;
  /**
   * For which server version, such as `redis-7.2`, values that commands made are serialized. Default: the one that wrote the RDB at the
   * front of the files, or whose rules the log is replayed by.
   */
  readonly target?: string;
  /** Only these keys. */
  readonly select?: KeySelection;
}

/** What is at a path that has no keys to read, or not all of them. */
export class KeysError extends UnreadableError {
  readonly result: ScanResult;

  constructor(result: ScanResult) {
    const [first] = result.findings;
    const [command] = result.opaque;
    const reason =
      first !== undefined
        ? `${first.code} at offset ${first.offset} of ${first.file}: ${first.message}`
        : `the effect of ${command?.name} at offset ${command?.offset} of ${command?.path} is not known`;
    super(result.path, 'EBADMSG', `cannot read all keys of ${result.path}: ${reason}`);
    this.result = result;
  }
}

/**
 * Calls `visit` with each key of an RDB, AOF, multi-part AOF or data folder, one after the other; false ends the reading. Damage and
 * commands of unknown effect are in the result. Throws UnreadableError, UsageError, LimitError, and the reason of an aborted signal.
 */
export async function forEachKey(
  path: string,
  options: ReadKeysOptions,
  visit: (key: Key) => unknown,
  now: number,
): Promise<ScanResult> {
  const { maker, test } = makerFor(options);
  return scanKeys(
    path,
    { at: now, ...options },
    {
      begin: (facts) => maker.begin(facts),
      key: (record) => {
        if (test?.(record) === false) return undefined;
        return visit(maker.make(record)) === false ? false : undefined;
      },
    },
  );
}

/**
 * The keys of an RDB, AOF, multi-part AOF or data folder, in batches; whoever breaks off ends the reading. Throws as `forEachKey`, and
 * KeysError behind the last key where there is damage, or a command whose effect is not known.
 */
export function readKeys(path: string, options: ReadKeysOptions, now: number): AsyncGenerator<readonly Key[]> {
  return inBatches<Key>(async (batches) => {
    const { maker, test } = makerFor(options);
    const result = await scanKeys(
      path,
      { at: now, ...options },
      {
        begin: (facts) => maker.begin(facts),
        key: (record) => {
          if (test?.(record) !== false) batches.add(maker.make(record));
          return !batches.isClosed;
        },
        flush: () => batches.room(),
      },
    );
    return result.ok ? undefined : new KeysError(result);
  });
}

function makerFor({ level = 'value', select = {}, target }: ReadKeysOptions) {
  const parts = { raw: level === 'raw', encoded: level !== 'raw', value: level === 'value' };
  const maker = new KeyMaker(parts, target === undefined ? undefined : targetOfName(target));
  const test = recordTest(select, {
    elements: (record) => maker.elements(record),
    bytes: (record) => maker.memory(record),
  });
  return { maker, test };
}
