import type { LoaderReads } from './loader-reads.ts';
import { internal } from './rdb-reasons.ts';

/**
 * A stream read by read (types 15, 19, 21, 26 and 27 are versions 1 to 5; the layout is in src/rdb/values/stream.ts), with what
 * the loader says where the file ends within each part.
 */
export function retraceStream(reads: LoaderReads, version: number): void {
  for (let left = reads.expecting('Stream listpacks len loading failed.').length(); left > 0n; left--) {
    const length = reads.expecting('Stream master ID loading failed: invalid encoding or I/O error.').string();
    if (length !== 16) reads.stop(internal('Stream node key entry is not the size of a stream ID'));
    reads.expecting('Stream listpacks loading failed.').string();
  }
  reads.expecting('Stream object metadata loading failed.').lengths(version >= 2 ? 8 : 3);
  for (let left = reads.expecting('Stream cgroup count loading failed.').length(); left > 0n; left--) {
    retraceGroup(reads, version);
  }
  if (version >= 4) retraceIdempotency(reads);
}

function retraceGroup(reads: LoaderReads, version: number): void {
  reads.expecting('Error reading the consumer group name from Stream').string();
  reads.expecting('Stream cgroup ID loading failed.').lengths(2);
  if (version >= 2) reads.expecting('Stream cgroup offset loading failed.').length();
  for (let left = reads.expecting('Stream PEL size loading failed.').length(); left > 0n; left--) {
    reads.expecting('Stream PEL ID loading failed.').take(16);
    reads.expecting('Stream PEL NACK loading failed.').take(8);
    reads.length();
  }
  for (let left = reads.expecting('Stream consumers num loading failed.').length(); left > 0n; left--) {
    retraceConsumer(reads, version);
  }
  if (version < 5) return;
  const unowned = 'Stream NACK zone loading failed.';
  for (let left = reads.expecting(unowned).length(); left > 0n; left--) reads.take(16);
}

function retraceConsumer(reads: LoaderReads, version: number): void {
  reads.expecting('Error reading the consumer name from Stream group.').string();
  reads.expecting('Stream short read reading seen time.').take(8);
  if (version >= 3) reads.expecting('Stream short read reading active time.').take(8);
  for (let left = reads.expecting('Stream consumer PEL num loading failed.').length(); left > 0n; left--) {
    reads.expecting('Stream short read reading PEL streamID.').take(16);
  }
}

/** The idempotency records that version 4 brought (Redis 8.6). */
function retraceIdempotency(reads: LoaderReads): void {
  reads.expecting('Stream IDMP duration loading failed.').length();
  reads.expecting('Stream IDMP max entries loading failed.').length();
  reads.expecting('Stream IDMP entries loading failed.');
  for (let producers = reads.length(); producers > 0n; producers--) {
    reads.string();
    for (let records = reads.length(); records > 0n; records--) {
      reads.string();
      reads.lengths(2);
    }
  }
  reads.expecting('Stream iids_added loading failed.').length();
  reads.expecting('Stream iids_duplicates loading failed.').length();
}
