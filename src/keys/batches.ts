/** Items that are handed over at a time, at most. */
const batchItemsMax = 1000;
/** Batches that are read ahead. */
const batchesAheadMax = 2;

/** Where a reading puts what it reads for an iterator. */
export interface BatchSink<T> {
  add(item: T): void;
  /** More was read than is to wait at a time: `room` is to be awaited. */
  readonly isFull: boolean;
  /** Whoever iterates has broken off. */
  readonly isClosed: boolean;
  /** Settles when there is room for more. */
  room(): Promise<void>;
}

/** Iterates over what `read` adds while it goes on; an error that `read` returns is thrown behind the last item. */
export async function* inBatches<T>(read: (sink: BatchSink<T>) => Promise<unknown>): AsyncGenerator<readonly T[]> {
  const queue = new BatchQueue<T>();
  const reading = read(queue).then(
    (error) => queue.end(error),
    (error: unknown) => queue.end(error),
  );
  try {
    for (let next = await queue.next(); next !== undefined; next = await queue.next()) yield next;
  } finally {
    queue.close();
    await reading;
  }
}

class BatchQueue<T> implements BatchSink<T> {
  isClosed = false;
  private readonly batches: (readonly T[])[] = [];
  private batch: T[] = [];
  private ended = false;
  private error: unknown;
  private wake: () => void = () => {};

  get isFull(): boolean {
    return this.batches.length >= batchesAheadMax;
  }

  add(item: T): void {
    this.batch.push(item);
    if (this.batch.length < batchItemsMax) return;
    this.batches.push(this.batch);
    this.batch = [];
    this.wake();
  }

  end(error: unknown): void {
    if (this.batch.length > 0) this.batches.push(this.batch);
    this.ended = true;
    this.error = error;
    this.wake();
  }

  close(): void {
    this.isClosed = true;
    this.wake();
  }

  async room(): Promise<void> {
    while (this.isFull && !this.isClosed) await this.change();
  }

  async next(): Promise<readonly T[] | undefined> {
    while (this.batches.length === 0 && !this.ended) await this.change();
    const batch = this.batches.shift();
    this.wake();
    if (batch === undefined && this.error !== undefined) throw this.error;
    return batch;
  }

  /** One side waits at a time: the one for room while there are batches, the other while there are none. */
  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = () => {};
        resolve();
      };
    });
  }
}
