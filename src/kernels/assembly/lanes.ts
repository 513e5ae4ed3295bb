// AssemblyScript. What the module of the fast lanes exports: its memory holds a window of the file that is read.
export { passCommands } from './aof-lane';
export { setHashKey } from './sip-hash';
export { blobsPrepare } from './rdb-blobs';
export { passKeys } from './rdb-lane';
export { crc64Prepare, crc64Window } from './crc64';
export { placeKeys } from './rdb-places';
export { keepKeys } from './rdb-kept';
