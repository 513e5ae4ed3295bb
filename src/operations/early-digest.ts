import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { type DatabaseSum, Digester, xorInto } from '../engine/digest.ts';
import type { Flavor } from '../engine/flavor.ts';
import type { Keyspace, KeyspaceImage } from '../engine/keyspace.ts';
import { Kind } from '../engine/value.ts';
import type { HashTemplates } from '../rdb/codec/decode-hash.ts';
import { fileOrder } from './dataset/file-order.ts';
import type { Loaded } from './dataset/load.ts';
import type { SourceDescriptor } from './dataset/sources.ts';

/** What the worker is told. */
export interface DigestTask {
  readonly databases: readonly KeyspaceImage[];
  readonly files: readonly SourceDescriptor[];
  readonly templates: HashTemplates;
  readonly flavor: Flavor;
  readonly at: number;
}

/** Fewer keys are not worth a thread. */
const keysMin = 50_000;

/** Whether the value of an entry is still in its file, where every thread can read it. */
export function isInFile(keys: Keyspace, entry: number): boolean {
  const kind = keys.kind(entry);
  return kind === Kind.Reference || kind === Kind.Serialized;
}

/**
 * The digest of a loaded dataset, of which another thread computes what lies in files while this one does something else. The
 * dataset must not change before `finish` has returned.
 */
export class EarlyDigest {
  private readonly loaded: Loaded;
  private readonly flavor: Flavor;
  private readonly at: number;
  private readonly worker: Worker | undefined;
  /** The worker's sums; undefined where there are none, for whatever reason. */
  private readonly sums: Promise<readonly Int32Array[] | undefined>;

  constructor(loaded: Loaded, flavor: Flavor, at: number) {
    this.loaded = loaded;
    this.flavor = flavor;
    this.at = at;
    this.worker = this.start();
    this.sums = answerOf(this.worker);
  }

  /** The digest, 40 hexadecimal digits. */
  async finish(): Promise<string> {
    const { loaded, flavor, at } = this;
    const digester = new Digester({ flavor, at, codec: loaded.codec, reader: loaded.sources });
    if (this.worker === undefined) return digester.dataset(loaded.dataset, fileOrder);
    const here = loaded.dataset.occupied().map((index): DatabaseSum => {
      const keys = loaded.dataset.database(index);
      return { index, sum: digester.sum(keys, inMemory(keys)) };
    });
    const there = await this.sums;
    if (there === undefined) return digester.dataset(loaded.dataset, fileOrder);
    for (const [position, { sum }] of here.entries()) xorInto(sum, there[position]);
    return digester.total(here);
  }

  /** The digest is not wanted any more. */
  stop(): void {
    this.worker?.terminate();
  }

  private start(): Worker | undefined {
    const { dataset, sources, codec } = this.loaded;
    // From sources a thread does not start: it knows no TypeScript.
    const isBuilt = import.meta.url.endsWith('.js');
    if (!isBuilt || dataset.keyCount < keysMin || os.availableParallelism() < 2) return undefined;
    const workerData: DigestTask = {
      databases: dataset.occupied().map((index) => dataset.database(index).image()),
      files: sources.descriptors,
      templates: codec.templates,
      flavor: this.flavor,
      at: this.at,
    };
    return new Worker(new URL('./digest-worker.js', import.meta.url), { workerData });
  }
}

function* inMemory(keys: Keyspace): Iterable<number> {
  for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) if (!isInFile(keys, entry)) yield entry;
}

function answerOf(worker: Worker | undefined): Promise<readonly Int32Array[] | undefined> {
  return new Promise((resolve) => {
    worker?.once('message', resolve);
    worker?.once('error', () => resolve(undefined));
    worker?.once('exit', () => resolve(undefined));
  });
}
