import type { KeyRecord } from '../../rdb/key-record.ts';

/** Whether ordinary keys are copied as they stand, and if so whether somebody must look into their values first. */
export type SpanCopying = 'none' | 'unseen' | 'looked-into';

/** Which ordinary keys a kernel may turn into commands: none, all, or all but those with scores, which the target prints otherwise. */
export type CommandCopying = 'none' | 'unscored' | 'all';

/** What a cluster says of slots between keys. */
export type SlotRecord = 'sizes' | 'import';

/** What sources tell, in the order of an RDB: functions and modules' data first, then per database its keys. */
export interface KeyReceiver {
  function(code: string): void;
  /** What a module keeps beside keys, `bytes[from, to)` from its opcode on. */
  moduleAux(moduleName: string, bytes: Buffer, from: number, to: number): void;
  /** An aux field, binary strings. */
  aux(name: string, value: string): void;
  /** A record of a cluster as it stands in the RDB, `bytes[from, to)`: how many keys a slot has, or slots that are being imported. */
  slots(kind: SlotRecord, bytes: Buffer, from: number, to: number): void;
  /** The keys that follow are of this database; the counts are hints. */
  database(database: number, keys: number, expires: number): void;
  key(record: KeyRecord): void;
  /** Whether `span` may be called. */
  readonly spans: SpanCopying;
  /** `count` ordinary keys as they stand in an RDB, `bytes[from, to)`. */
  span(bytes: Buffer, from: number, to: number, count: number): void;
  /** Whether, and for which keys, `commands` may be called. */
  readonly commandCopying: CommandCopying;
  /** `count` ordinary keys as the commands that rebuild them, `bytes[0, length)`. */
  commands(bytes: Buffer, length: number, count: number): void;
}
