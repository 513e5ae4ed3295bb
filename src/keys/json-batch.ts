import { EncodingError, FormatError } from '../faults.ts';
import { type JsonFixedTexts, type JsonKernel, jsonKeysMax, openJsonKernel } from '../kernels/json-kernel.ts';
import { KeyRecord } from '../rdb/key-record.ts';

/** What happens to the keys of a batch, in their order. */
export interface JsonBatchReceiver {
  /** The objects of some keys, with the fixed texts; valid during the call. */
  written(bytes: Uint8Array, keys: number): void;
  /** A key that the kernel has left. Throws FormatError or EncodingError. */
  left(record: KeyRecord): void;
}

export type DamagedReceiver = (record: KeyRecord, error: FormatError | EncodingError) => void;

/**
 * Makes JSON of keys a window of the file at a time, by a kernel. Keys are taken while they are told and written by `flush`, which must be
 * called before the window moves.
 */
export class JsonBatch {
  private readonly kernel: JsonKernel;
  private readonly receiver: JsonBatchReceiver;
  /** Where the record of each key begins in its file. */
  private readonly offsets = new Float64Array(jsonKeysMax);
  /** The window, where the part of it that is used begins and ends, and its offset in the file. */
  private bytes: Buffer = Buffer.alloc(0);
  private from = 0;
  private to = 0;
  private base = 0;
  private record: KeyRecord | undefined;

  private constructor(kernel: JsonKernel, receiver: JsonBatchReceiver) {
    this.kernel = kernel;
    this.receiver = receiver;
  }

  /** Undefined where there is no kernel for this machine or these texts. */
  static open(texts: JsonFixedTexts, receiver: JsonBatchReceiver): JsonBatch | undefined {
    const kernel = openJsonKernel();
    return kernel?.setTexts(texts) ? new JsonBatch(kernel, receiver) : undefined;
  }

  /** Takes a key whose name and value lie in one window; false for any other, with nothing waiting. */
  take(record: KeyRecord): boolean {
    if (this.add(record)) return true;
    // Only a reader that keeps its window longer than it says comes here with keys that wait.
    this.flush((_, error) => {
      throw error;
    });
    return false;
  }

  private add(record: KeyRecord): boolean {
    const { key, keyFrom, keyTo, type, idle, freq } = record;
    if (type < 0 || idle >= 0 || freq >= 0 || record.raw !== key) return false;
    const { kernel } = this;
    if (kernel.count === 0) {
      this.bytes = key;
      this.from = keyFrom;
      this.base = record.end - record.rawTo;
      this.record ??= new KeyRecord(record.codec);
      this.record.codec = record.codec;
      this.record.path = record.path;
    }
    const { from } = this;
    const isOfBatch = key === this.bytes && keyFrom >= from && record.rawTo - from <= kernel.window.length;
    if (!isOfBatch || kernel.count === jsonKeysMax) return false;
    this.offsets[kernel.count] = record.offset;
    this.to = record.rawTo;
    const { rawFrom, rawTo, database, expire } = record;
    kernel.add(keyFrom - from, keyTo - keyFrom, type, rawFrom - from, rawTo - from, database, expire);
    return true;
  }

  /** Hands over all keys that were taken. Damaged values are told, and nothing is written of their keys. */
  flush(damaged: DamagedReceiver): void {
    const { kernel, receiver, bytes, from, to } = this;
    const { count } = kernel;
    if (count === 0) return;
    bytes.copy(kernel.window, 0, from, to);
    for (let index = 0; index < count; ) {
      const next = kernel.write(index, to - from);
      if (next > index) receiver.written(kernel.output.subarray(0, kernel.outputLength), next - index);
      else this.leave(index, damaged);
      index = Math.max(next, index + 1);
    }
    kernel.count = 0;
  }

  private leave(index: number, damaged: DamagedReceiver): void {
    const { kernel, record } = this;
    if (record === undefined) return;
    record.key = record.raw = kernel.window;
    record.keyFrom = kernel.word(index, 0);
    record.keyTo = record.keyFrom + kernel.word(index, 1);
    record.type = kernel.word(index, 2);
    record.rawFrom = kernel.word(index, 3);
    record.rawTo = kernel.word(index, 4);
    record.database = kernel.word(index, 5);
    record.expire = kernel.expire(index);
    record.offset = this.offsets[index];
    record.end = this.base + this.from + record.rawTo;
    try {
      this.receiver.left(record);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof EncodingError)) throw error;
      damaged(record, error);
    }
  }
}
