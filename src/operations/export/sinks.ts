import type { ScanFacts } from '../../keys/scan-keys.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';

/** Writes keys in one format. */
export interface ExportSink {
  /** An input begins. */
  begin(facts: ScanFacts): void;
  /** `omitted`: the value is too long, and is left out. */
  key(record: KeyRecord, omitted: boolean): void;
  /** Hands on what has gathered. */
  flush(): void;
  /** Everything was told: what is left is written. */
  finish(): void;
}
