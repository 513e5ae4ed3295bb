import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { checkRdbLoads, type LoadCheckTask } from './rdb-load-check.ts';

/* The entry of a thread that looks at the values of an RDB while another one copies them. */

const port = parentPort as MessagePort;
checkRdbLoads(workerData as LoadCheckTask).then(
  (refused) => port.postMessage({ refused }),
  (error: Error) => port.postMessage({ error: error.message }),
);
