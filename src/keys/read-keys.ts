import { targetOfName } from '../dataset/flavor-choice.ts';
import { slotOf } from '../engine/slot.ts';
import { UnreadableError } from '../errors.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import type { Target } from '../servers/targets.ts';
import { typeInFile } from '../servers/value-type-id.ts';
import type { ObjectValue } from '../values/value.ts';
import { inBatches } from './batches.ts';
import { EncodingReader } from './encoding.ts';
import { type KeySelection, recordTest } from './key-selection.ts';
import { type KeyValue, keyValueOf } from './key-value.ts';
import { type ScanFacts, type ScanOptions, type ScanResult, scanKeys } from './scan-keys.ts';
import { dumpPayload, RecordSerializer } from './serializer.ts';

/**
 * How much is read of a key. `raw`: its value as it is serialized. `encoded`: how it is encoded and how many elements it has. `value`: all
 * of that decoded.
 */
export type KeyLevel = 'raw' | 'encoded' | 'value';

/** A key, its bytes its own. Moments are milliseconds since 1970. */
export interface Key {
  readonly database: number;
  readonly name: Buffer;
  /** As TYPE names it. */
  readonly type: string;
  /** When it expires; undefined for never. */
  readonly expiry?: number;
  /** Seconds since it was used, where the file says so (LRU). */
  readonly idle?: number;
  /** The counter of its use, 0 to 255, where the file says so (LFU). */
  readonly frequency?: number;
  /** Slot of a cluster, by its name. */
  readonly slot: number;
  /** The RDB that holds it, and where its record lies there, its expiry and usage included. Undefined for a key that commands made. */
  readonly file?: string;
  readonly offset?: number;
  readonly length?: number;
  /** With `raw`. Undefined for a value that no RDB holds: a vector set made by commands. */
  readonly raw?: RawValue;
  /** As OBJECT ENCODING names it, of the form in the file: a server may choose another when it loads that. With `encoded` and `value`. */
  readonly encoding?: string;
  /** Bytes of a string, elements of a list, fields of a hash and so on. With `encoded` and `value`. */
  readonly elements?: number;
  /** With `value`. */
  readonly value?: KeyValue;
}

/** A value as it stands in an RDB. */
export interface RawValue {
  /** The number of its type in the file. */
  readonly type: number;
  readonly bytes: Buffer;
  /** What DUMP would answer, for RESTORE. */
  dump(): Buffer;
}

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
  const maker = new KeyMaker(options);
  return scanKeys(
    path,
    { at: now, ...options },
    {
      begin: (facts) => maker.begin(facts),
      key: (record) => {
        const key = maker.make(record);
        return key !== undefined && visit(key) === false ? false : undefined;
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
    const maker = new KeyMaker(options);
    const result = await scanKeys(
      path,
      { at: now, ...options },
      {
        begin: (facts) => maker.begin(facts),
        key: (record) => {
          const key = maker.make(record);
          if (key !== undefined) batches.add(key);
          return !batches.isClosed;
        },
        flush: () => batches.room(),
      },
    );
    return result.ok ? undefined : new KeysError(result);
  });
}

class KeyMaker {
  private readonly level: KeyLevel;
  private readonly encodings = new EncodingReader();
  private readonly test: ReturnType<typeof recordTest>;
  private serializer: RecordSerializer | undefined;
  private readonly wanted: Target | undefined;
  private dumpVersion = 0;

  constructor({ level = 'value', select = {}, target }: ReadKeysOptions) {
    this.level = level;
    this.wanted = target === undefined ? undefined : targetOfName(target);
    this.test = recordTest(select, { elements: (record) => this.elements(record), bytes: () => 0 });
  }

  begin(facts: ScanFacts): void {
    this.serializer = new RecordSerializer(facts, this.wanted);
    // What an RDB has is given as it stands there.
    this.dumpVersion = Math.max(facts.version, this.serializer.target.rdbVersion);
  }

  private elements(record: KeyRecord): number {
    return record.type < 0 && this.serializer?.serialize(record) !== true
      ? (record.value as ObjectValue).count
      : this.encodings.elements(record);
  }

  make(record: KeyRecord): Key | undefined {
    if (this.test !== undefined && !this.test(record)) return undefined;
    const { level } = this;
    const name = Buffer.from(record.key.subarray(record.keyFrom, record.keyTo));
    const isInFile = record.offset >= 0;
    return {
      database: record.database,
      name,
      type: record.dataType,
      ...(!Number.isNaN(record.expire) && { expiry: record.expire }),
      ...(record.idle >= 0 && { idle: record.idle }),
      ...(record.freq >= 0 && { frequency: record.freq }),
      slot: slotOf(name, 0, name.length),
      ...(isInFile && { file: record.path, offset: record.offset, length: record.end - record.offset }),
      ...(level === 'raw' ? this.raw(record) : this.encoded(record)),
      ...(level === 'value' && { value: keyValueOf(record.decoded(), bytesOf) }),
    };
  }

  private raw(record: KeyRecord): { raw?: RawValue } {
    const { serializer, dumpVersion } = this;
    if (serializer === undefined || !serializer.serialize(record)) return {};
    const bytes = Buffer.from(record.raw.subarray(record.rawFrom, record.rawTo));
    const { type } = record;
    const dump = () => dumpPayload(type, bytes, dumpVersion);
    return { raw: { type: typeInFile(type), bytes, dump } };
  }

  private encoded(record: KeyRecord): { encoding?: string; elements?: number } {
    const elements = this.elements(record);
    return { encoding: record.type < 0 ? 'raw' : this.encodings.encoding(record), elements };
  }
}

const bytesOf = (binary: string): Buffer => Buffer.from(binary, 'latin1');
