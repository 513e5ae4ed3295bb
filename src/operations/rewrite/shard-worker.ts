import fs from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Digester } from '../../engine/digest.ts';
import type { Flavor } from '../../engine/flavor.ts';
import { takeCensus } from '../dataset/census.ts';
import { fileOrder } from '../dataset/file-order.ts';
import { filterDataset } from '../dataset/filter.ts';
import { type Loaded, loadDataset } from '../dataset/load.ts';
import { DatasetWriter } from './dataset-writer.ts';
import { addLoss, noLosses } from './loss-list.ts';
import { RunWriter, type WritingForm } from './run-writer.ts';
import type { ShardReply, ShardRequest, ShardTask } from './shard-messages.ts';

/* The entry of the second thread of a rewrite: loads shard 1, writes it to a file of its own, sums up its digest. */

const port = parentPort as MessagePort;
const { path, owners, flavor, at, seed, filter } = workerData as ShardTask;
const tell = (reply: ShardReply): void => port.postMessage(reply);
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What fails is told, and the first thread decides. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ kind: 'failed', message, code });
  }
}

async function load(): Promise<Loaded> {
  const shard = { index: 1, owners };
  const loaded = await loadDataset(path, { flavor, at, seed, shard, expired: 'keep', opaque: 'keep' });
  const { dataset, session, findings } = loaded;
  // Functions are the first thread's to write.
  dataset.libraries.clear();
  const filtered = filterDataset(dataset, filter);
  const databases = dataset.occupied().map((index) => {
    const { count, expiring } = dataset.database(index);
    return { index, keys: count, expires: expiring };
  });
  const { calls, failures, errors } = session;
  const census = takeCensus(dataset);
  tell({ kind: 'loaded', databases, census, filtered, findings: findings.findings, errors, calls, failures });
  return loaded;
}

async function write(loaded: Loaded, form: WritingForm, descriptor: number): Promise<void> {
  const losses = noLosses();
  const sink = { write: (bytes: Uint8Array) => writeFully(descriptor, bytes) };
  const writer = new RunWriter({ ...form, checksum: false }, sink, (loss) => addLoss(losses, loss));
  let from = 0;
  const keys = new DatasetWriter(loaded, nextTurn, {
    others: [],
    begin: () => {
      from = writer.offset;
    },
    end: async (database, run) => {
      writer.spill();
      tell({ kind: 'run', database, run, from, to: writer.offset });
    },
  });
  await writer.writeKeys(keys);
  tell({ kind: 'written', losses, trailing: keys.trailing });
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let position = 0; position < bytes.length; ) position += fs.writeSync(descriptor, bytes, position);
}

async function sumUp({ dataset, codec, sources: reader }: Loaded, flavor: Flavor): Promise<void> {
  const digester = new Digester({ flavor, at, codec, reader });
  const sums = dataset.occupied().map((index) => {
    const keys = dataset.database(index);
    return { index, sum: digester.sum(keys, fileOrder(keys)) };
  });
  tell({ kind: 'digest', sums });
}

await attempt(async () => {
  const loaded = await load();
  port.on('message', (request: ShardRequest) => {
    attempt(() =>
      request.kind === 'write' ? write(loaded, request.form, request.descriptor) : sumUp(loaded, request.flavor),
    );
  });
});
