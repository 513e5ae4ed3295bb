import { type MemoryServer, memoryRules, memoryServerOf } from '../memory/rules.ts';
import { KeySizer } from '../memory/value-size.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import type { ScanFacts } from './scan-keys.ts';
import type { RecordSerializer } from './serializer.ts';

/** Estimates what keys take in the memory of a server: by default of the measured release that the writer of their files follows. */
export class MemoryEstimate {
  readonly server: MemoryServer;
  readonly sizer: KeySizer;
  private readonly serializer: RecordSerializer;

  constructor(facts: ScanFacts, serializer: RecordSerializer, server?: MemoryServer) {
    const { fork, version } = serializer.target;
    this.server = server ?? memoryServerOf(fork, facts.serverVersion || version);
    this.sizer = new KeySizer(memoryRules(this.server));
    this.serializer = serializer;
  }

  /** Bytes; NaN for a value that no RDB holds: a vector set that commands have made. */
  bytes(record: KeyRecord): number {
    return this.measure(record) ? Math.round(this.sizer.bytes) : Number.NaN;
  }

  /** Measures with `sizer`; false for a value that no RDB holds. */
  measure(record: KeyRecord): boolean {
    if (record.type < 0 && !this.serializer.serialize(record)) return false;
    this.sizer.measure(record, record.raw);
    return true;
  }
}
