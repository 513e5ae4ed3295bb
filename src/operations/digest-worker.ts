import { parentPort, workerData } from 'node:worker_threads';
import { Digester } from '../engine/digest.ts';
import { Keyspace } from '../engine/keyspace.ts';
import { RdbCodec } from '../rdb/codec/codec.ts';
import { fileOrder } from './dataset/file-order.ts';
import { Sources } from './dataset/sources.ts';
import { type DigestTask, isInFile } from './early-digest.ts';

/* The entry of a worker thread: sums up the keys whose values are in files, database by database. */
const { databases, files, templates, flavor, at } = workerData as DigestTask;
const digester = new Digester({ flavor, at, codec: new RdbCodec({ templates }), reader: Sources.over(files) });
const sums = databases.map((image) => {
  const keys = Keyspace.ofImage(image);
  return digester.sum(
    keys,
    fileOrder(keys).filter((entry) => isInFile(keys, entry)),
  );
});
parentPort?.postMessage(sums);
