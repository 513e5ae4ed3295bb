import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { examineRdb, type RdbExamTask } from './rdb-load-check.ts';

/* The entry of a thread that looks at the values of an RDB while another one copies them. */

const port = parentPort as MessagePort;
examineRdb(workerData as RdbExamTask).then(
  (refused) => port.postMessage({ refused }),
  (error: Error) => port.postMessage({ error: error.message }),
);
