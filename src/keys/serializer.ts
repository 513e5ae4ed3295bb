import { releaseOf } from '../dataset/flavor-choice.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import { RdbOutput } from '../rdb/output.ts';
import { ValueEncoder } from '../rdb/writer/value-encoder.ts';
import { type Target, targetOfRdb } from '../servers/targets.ts';
import type { ScanFacts } from './scan-keys.ts';

/** Gives values that commands made the form that a server would write them in, so that all values of a dataset are told alike. */
export class RecordSerializer {
  readonly target: Target;
  private readonly encoder: ValueEncoder;
  private readonly out = new RdbOutput();

  /** For a server version; by default for the one that wrote the RDB at the front, or whose rules the log was replayed by. */
  constructor({ fork, version, serverVersion, flavor }: ScanFacts, target?: Target) {
    this.target = target ?? (version > 0 ? targetOfRdb(fork, version, serverVersion) : releaseOf(flavor));
    this.encoder = new ValueEncoder(this.target);
  }

  /**
   * Serializes the value of a record, if it is not so yet; valid until the next call. False where no RDB holds such a value: of a
   * vector set that commands have made or changed.
   */
  serialize(record: KeyRecord): boolean {
    if (record.type >= 0) return true;
    const type = this.encoder.prepare(record.value);
    if (type < 0) return false;
    this.out.reset();
    this.encoder.write(this.out);
    record.type = type;
    record.raw = this.out.bytes;
    record.rawFrom = 0;
    record.rawTo = this.out.length;
    return true;
  }
}
