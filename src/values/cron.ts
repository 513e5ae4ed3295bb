import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** What a job of KeyDB is made of: moments and times in milliseconds. */
export interface CronJob {
  readonly script: string;
  readonly start: number;
  readonly interval: number;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** A scheduled job of KeyDB (KEYDB.CRON): a key that runs a script when its time has come. Nothing changes it once it is there. */
export class CronValue implements ObjectValue {
  readonly kind = Kind.Cron;
  readonly count = 1;
  readonly job: CronJob;

  constructor(job: CronJob) {
    this.job = job;
  }

  copy(): CronValue {
    return new CronValue(this.job);
  }

  /** As KeyDB's debug.cpp: the interval as it lies in memory, and the script. */
  digest(sink: DigestSink): void {
    const interval = Buffer.alloc(8);
    interval.writeBigInt64LE(BigInt(Math.trunc(this.job.interval)));
    sink.mixBytes(interval, 0, interval.length);
    sink.mix(this.job.script);
  }
}
