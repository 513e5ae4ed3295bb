// AssemblyScript. What the module exports.
export { crc64, crc64Prepare } from './crc64';
export { lzfCompress } from './lzf-compress';
export { lzfDecompress } from './lzf-decompress';
