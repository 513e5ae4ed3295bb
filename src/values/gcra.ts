import { type DigestSink, Kind, type ObjectValue } from './value.ts';

/** A rate limiter of the experimental GCRA builds of Redis 8.10: its theoretical arrival time, an int64. */
export class GcraValue implements ObjectValue {
  readonly kind = Kind.Gcra;
  readonly count = 1;
  readonly arrival: bigint;

  constructor(arrival: bigint) {
    this.arrival = arrival;
  }

  copy(): GcraValue {
    return new GcraValue(this.arrival);
  }

  /** What such a build mixes in could not be tried; its decimal text is a guess. */
  digest(sink: DigestSink): void {
    sink.mix(String(this.arrival));
  }
}
