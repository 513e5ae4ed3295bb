import type { KeyRecord } from '../../rdb/key-record.ts';
import type { SlotRecord } from './key-receiver.ts';

/** Writes keys in one form: an RDB, or commands. */
export interface KeySink {
  readonly keys: number;
  function(code: string): void;
  moduleAux(bytes: Buffer, from: number, to: number): void;
  /** False where the form, or the target, has no such thing. */
  aux(name: string, value: string): boolean;
  slots(kind: SlotRecord, bytes: Buffer, from: number, to: number): boolean;
  database(database: number, keys: number, expires: number): void;
  key(record: KeyRecord): void;
  /** Keys as they stand in an RDB, where the form is that. */
  span?(bytes: Buffer, from: number, to: number, count: number): void;
  /** Keys as commands, where the form is that. */
  commands?(bytes: Buffer, length: number, count: number): void;
  finish(): void;
}
