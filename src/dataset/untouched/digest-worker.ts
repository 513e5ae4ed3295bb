import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { KeptDigestReply, KeptDigestTask } from './digest.ts';
import { StretchDigest } from './range-digest.ts';
import { StretchQueue } from './range-queue.ts';

/* The entry of a thread that adds what a rewrite keeps to the digest, while another one finds it, and then beside it. */

const port = parentPort as MessagePort;
const task = workerData as KeptDigestTask;

function run(): KeptDigestReply {
  try {
    const digest = StretchDigest.open(task.source);
    if (digest === undefined) throw new Error('no kernel');
    const queue = new StretchQueue(task.queue);
    for (let stretch = queue.take(true); stretch !== undefined; stretch = queue.take(true)) digest.add(stretch);
    return { sums: digest.take() };
  } catch (error) {
    return { error: error as Error };
  }
}

port.postMessage(run());
