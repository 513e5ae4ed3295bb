import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { UntouchedDigestReply, UntouchedDigestTask } from './digest.ts';
import { RangeDigest } from './range-digest.ts';
import { RangeQueue } from './range-queue.ts';

/* The entry of a thread that adds what a rewrite keeps to the digest, while another one finds it, and then beside it. */

const port = parentPort as MessagePort;
const task = workerData as UntouchedDigestTask;

function run(): UntouchedDigestReply {
  try {
    const digest = RangeDigest.open(task.source);
    if (digest === undefined) throw new Error('no kernel');
    const queue = new RangeQueue(task.queue);
    for (let stretch = queue.take(true); stretch !== undefined; stretch = queue.take(true)) digest.add(stretch);
    return { sums: digest.take() };
  } catch (error) {
    return { error: error as Error };
  }
}

port.postMessage(run());
