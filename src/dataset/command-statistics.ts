import type { Usage } from '../rdb/writer/rdb-writer.ts';

/** What RDBs say of when and how often their keys were used, by the places of the values, which are noted in the order of a file. */
export class CommandStatistics {
  private readonly files: FileUsage[] = [];

  /** Of the key whose value begins at `offset` of source number `source`; -1 for what is not known. */
  note(source: number, offset: number, idle: number, freq: number): void {
    if (idle < 0 && freq < 0) return;
    (this.files[source] ??= new FileUsage()).add(offset, freq >= 0 ? -1 - freq : Math.min(idle, 0x7fffffff));
  }

  /** Undefined where nothing was noted. */
  find(source: number, offset: number): Usage | undefined {
    const noted = this.files[source]?.find(offset);
    if (noted === undefined) return undefined;
    return noted < 0 ? { idle: -1, freq: -1 - noted } : { idle: noted, freq: -1 };
  }
}

/** Two columns: ascending offsets, and seconds since the last use or, negative, one more than the counter. */
class FileUsage {
  private count = 0;
  private offsets = new Float64Array(1024);
  private values = new Int32Array(1024);

  add(offset: number, value: number): void {
    if (this.count === this.offsets.length) this.grow();
    this.offsets[this.count] = offset;
    this.values[this.count++] = value;
  }

  private grow(): void {
    const { offsets, values } = this;
    this.offsets = new Float64Array(offsets.length * 2);
    this.offsets.set(offsets);
    this.values = new Int32Array(values.length * 2);
    this.values.set(values);
  }

  find(offset: number): number | undefined {
    let from = 0;
    for (let to = this.count; from < to; ) {
      const middle = (from + to) >> 1;
      if (this.offsets[middle] < offset) from = middle + 1;
      else to = middle;
    }
    return from < this.count && this.offsets[from] === offset ? this.values[from] : undefined;
  }
}
