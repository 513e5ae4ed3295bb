import type { DamagedReceiver } from '../../keys/json-batch.ts';
import type { ScanFacts } from '../../keys/scan-keys.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';

/** Writes keys in one format. */
export interface ExportSink {
  /** An input begins; `source`: its name, where there are several for one output. */
  begin(facts: ScanFacts, source: string | undefined): void;
  /** True where the value is too long, and was cut. */
  key(record: KeyRecord): boolean;
  /** As of `KeyVisitor`. */
  passed?(damaged: DamagedReceiver): void;
  /** Hands on what has gathered. */
  flush(): void;
  /** Everything was told: what is left is written. */
  finish(): void;
}
