import { type MessagePort, parentPort } from 'node:worker_threads';
import { filterDataset } from '../../dataset/filter.ts';
import { takeStatistics } from '../../dataset/key-statistics.ts';
import { type Loaded, loadDataset } from '../../dataset/load.ts';
import fs from '../../io/file-system.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import { setLimits } from '../../limits.ts';
import { DatasetWriter } from '../../output/dataset-writer.ts';
import { addLoss, noLosses } from '../../output/loss-list.ts';
import { RunWriter } from '../../output/run-writer.ts';
import { DigestSums } from './digest-sums.ts';
import type { PartitionReply, PartitionRequest, PartitionTask, WritingTask } from './partition-messages.ts';

/* The entry of the second thread of a rewrite: loads shard 1, writes it to a file of its own, sums up its digest. */

const port = parentPort as MessagePort;
const tell = (reply: PartitionReply): void => port.postMessage(reply);
/** What fails is told, and the first thread decides. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ kind: 'failed', message, code });
  }
}

async function load({
  path,
  shard,
  flavor,
  payloads,
  mends,
  at,
  seed,
  filter,
  limits,
}: PartitionTask): Promise<Loaded> {
  setLimits(limits);
  const rules = { flavor, payloads, mends };
  const loaded = await loadDataset(path, { ...rules, at, seed, shard, expired: 'keep', opaque: 'keep' });
  const { dataset, session, findings } = loaded;
  // Functions are the first thread's to write.
  dataset.libraries.clear();
  const filtered = filterDataset(dataset, filter);
  const databases = dataset.occupied().map((index) => {
    const { count, expiring } = dataset.database(index);
    return { index, keys: count, expires: expiring };
  });
  const { calls, failures, errors } = session;
  const census = takeStatistics(dataset);
  tell({ kind: 'loaded', databases, census, filtered, findings: findings.findings, errors, calls, failures });
  return loaded;
}

async function write(loaded: Loaded, { form, descriptor, digest }: WritingTask): Promise<void> {
  const sums = new DigestSums(loaded, digest, form.now);
  const losses = noLosses();
  const sink = { write: (bytes: Uint8Array) => writeFully(descriptor, bytes) };
  const writer = new RunWriter({ ...form, checksum: false }, sink, (loss) => addLoss(losses, loss));
  let from = 0;
  const keys = new DatasetWriter(loaded, yieldToEventLoop, {
    others: [],
    begin: () => {
      from = writer.offset;
    },
    key: sums.key,
    end: async (database, run) => {
      writer.spill();
      tell({ kind: 'run', database, run, from, to: writer.offset });
    },
  });
  await writer.writeKeys(keys);
  tell({ kind: 'written', losses, trailing: keys.trailing, sums: sums.take() });
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let position = 0; position < bytes.length; ) position += fs.writeSync(descriptor, bytes, position);
}

let loaded: Loaded | undefined;
port.on('message', (request: PartitionRequest) => {
  attempt(async () => {
    if (request.kind === 'load') loaded = await load(request);
    else if (loaded !== undefined) await write(loaded, request);
  });
});
