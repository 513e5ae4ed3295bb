import { Worker } from 'node:worker_threads';
import type { DatabaseSum } from '../../engine/digest.ts';
import fs from '../../io/file-system.ts';
import { RangeDigest, type RecordRangeSource } from './range-digest.ts';
import { RangeQueue } from './range-queue.ts';
import type { RecordRange } from './untouched-keys.ts';

/** What the other thread is given. */
export interface UntouchedDigestTask {
  readonly source: RecordRangeSource;
  readonly queue: SharedArrayBuffer;
}

export type UntouchedDigestReply = { readonly sums: readonly DatabaseSum[] } | { readonly error: Error };

/** A stretch is about so long; those for which the queue has no room are done at the end. */
const stretchBytesAbout = 64 * 1024;
const stretchesMin = 1024;

/**
 * The digest of what a rewrite keeps. Where another thread is worth it, that one begins as soon as the first stretch is known, and both
 * share what is left once everything is written.
 */
export class UntouchedDigest {
  private readonly source: RecordRangeSource;
  private readonly queue: RangeQueue;
  private readonly worker: Worker | undefined;
  private readonly reply: Promise<UntouchedDigestReply> | undefined;
  private stopped = false;
  /** RecordRanges for which the queue had no room. */
  private readonly left: RecordRange[] = [];

  /** `path`, `bytes`: the file that begins with the RDB. `isThreaded`: whether another thread helps. Throws UnreadableError. */
  constructor(path: string, source: Omit<RecordRangeSource, 'descriptor'>, bytes: number, isThreaded: boolean) {
    this.source = { ...source, descriptor: fs.openSync(path, 'r') };
    this.queue = new RangeQueue(stretchesMin + Math.ceil(bytes / stretchBytesAbout));
    if (!isThreaded) return;
    const workerData: UntouchedDigestTask = { source: this.source, queue: this.queue.memory };
    this.worker = new Worker(new URL('./digest-worker.js', import.meta.url), { workerData });
    this.reply = new Promise((resolve, reject) => {
      this.worker?.once('message', resolve).once('error', reject);
    });
    // Whoever asks for the sums sees it; nobody may ask.
    this.reply.catch(() => {});
  }

  /** These keys are kept. */
  add(stretch: RecordRange): void {
    if (!this.queue.put(stretch)) this.left.push(stretch);
  }

  /** There are no more. */
  close(): void {
    this.queue.close();
  }

  /** What all keys come to that are kept. Where the other thread fails, this one does its part again. */
  async sums(): Promise<readonly DatabaseSum[]> {
    const own = this.addUp(this.untaken());
    if (this.reply === undefined) return own;
    const reply = await this.reply.catch(() => undefined);
    return reply === undefined || 'error' in reply ? this.addUp(this.everything()) : [...own, ...reply.sums];
  }

  private addUp(stretches: Iterable<RecordRange>): DatabaseSum[] {
    const digest = RangeDigest.open(this.source);
    if (digest === undefined) throw new Error('no kernel');
    for (const stretch of stretches) digest.add(stretch);
    return digest.take();
  }

  /** What the other thread has not taken, as long as it has not. */
  private *untaken(): Iterable<RecordRange> {
    const { queue, left } = this;
    for (let stretch = queue.take(false); stretch !== undefined; stretch = queue.take(false)) yield stretch;
    yield* left;
  }

  private *everything(): Iterable<RecordRange> {
    for (let number = 0; number < this.queue.count; number++) yield this.queue.at(number);
    yield* this.left;
  }

  /** It is not wanted any more. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.queue.close();
    await this.worker?.terminate();
    fs.closeSync(this.source.descriptor);
  }
}
