import { type DatabaseSum, Digester } from '../../engine/digest.ts';
import { type DigestKernel, openDigestKernel } from '../../kernels/digest-kernel.ts';
import { RdbCodec } from '../../rdb/codec/codec.ts';
import type { Flavor } from '../../servers/flavor.ts';
import { fileChanged, RecordReader } from './record-reader.ts';
import type { RecordRange } from './untouched-keys.ts';

/** What a thread needs to know to add stretches of an RDB to a digest. */
export interface RecordRangeSource {
  /** The open RDB. */
  readonly descriptor: number;
  /** Bits of the keys that are left out: KeyBloomFilter. */
  readonly touched: Uint8Array;
  /** The rules of the digest. */
  readonly flavor: Flavor;
  /** The moment that decides which fields are past. */
  readonly at: number;
  /** Whether small sorted sets keep the sign of a score of -0, by the rules of loading. */
  readonly keepsNegativeZero?: boolean;
}

/** Adds keys of an RDB to a digest: the kernel does the ordinary ones, and what is not for it JavaScript. */
export class RangeDigest {
  private readonly kernel: DigestKernel;
  private readonly records: RecordReader;
  private readonly digester: Digester;
  private readonly codec: RdbCodec;
  private readonly scores: number;
  private readonly source: RecordRangeSource;
  private knowsTouched = false;
  private readonly sums = new Map<number, DatabaseSum>();
  private database = -1;

  private constructor(source: RecordRangeSource, kernel: DigestKernel) {
    this.kernel = kernel;
    this.records = new RecordReader(source.descriptor);
    this.digester = new Digester({ flavor: source.flavor, at: source.at });
    this.scores = this.digester.rules.scoreText === 'grisu' ? 1 : 0;
    kernel.hashes.set(this.digester.knownHashes());
    this.source = source;
    this.codec = new RdbCodec({ keepsNegativeZero: source.keepsNegativeZero });
  }

  /** Undefined where this machine cannot run the kernel. */
  static open(source: RecordRangeSource): RangeDigest | undefined {
    const kernel = openDigestKernel();
    return kernel && new RangeDigest(source, kernel);
  }

  add(stretch: RecordRange): void {
    const { database } = stretch;
    if (database !== this.database) this.settle();
    this.database = database;
    // Another thread may have noted them while this one started: they are complete once there is a stretch.
    if (!this.knowsTouched) this.kernel.touched.set(this.source.touched);
    this.knowsTouched = true;
    if (stretch.isSingle) this.addSingle(stretch.from, stretch.to);
    else this.addOrdinary(stretch);
  }

  /** A stretch of ordinary keys is no longer than the window of who found it, which is as long as the kernel's. */
  private addOrdinary({ from, to, expiredBefore }: RecordRange): void {
    const { kernel, scores } = this;
    const { result } = kernel;
    const length = to - from;
    this.records.read(from, kernel.window, length);
    for (let position = 0; ; position = result[5]) {
      kernel.digestKeys(position, length, scores, expiredBefore);
      if (result[0] >= length) return;
      kernel.keyPlace(result[0], length);
      if (result[5] <= result[0] || result[5] > length) throw fileChanged();
      this.addOther();
    }
  }

  /** Adds the key whose place the kernel has just told. */
  private addOther(): void {
    const { window, result } = this.kernel;
    const [, name, nameLength, type, from, to, expires] = result;
    this.digester.addKey(window, name, nameLength, this.codec.decode(type, window, from, to), expires === 1);
  }

  private addSingle(from: number, to: number): void {
    const { type, key, value, expires } = this.records.key(from, to);
    this.digester.addKey(key, 0, key.length, this.codec.decode(type, value, 0, value.length), expires);
  }

  /** Adds what was computed for the database so far to its sum. */
  private settle(): void {
    const { kernel, database } = this;
    if (database < 0) return;
    kernel.digestRun();
    const sum = this.sums.get(database)?.sum ?? new Int32Array(5);
    const other = this.digester.takeSum();
    for (let word = 0; word < 5; word++) sum[word] ^= kernel.total[word] ^ other[word];
    kernel.total.fill(0);
    this.sums.set(database, { index: database, sum });
    this.database = -1;
  }

  /** What all that was added comes to. */
  take(): DatabaseSum[] {
    this.settle();
    return [...this.sums.values()];
  }
}
