/**
 * Valkey 9.2's envelope around a compressed RDB (compression_stream.h):
 *
 *     "VCS" | version 1 | codec: 1 LZ4 frame, 2 Zstandard frame | 0 | kind: 1 RDB, 2 replication stream     then one frame
 *
 * It ends with its frame, not with the file. A stream of replication is never in a file.
 */
export const envelopeBytes = 7;
export const envelopeMagic = 'VCS';

export type Codec = 'lz4' | 'zstd';

const codecs: Readonly<Record<number, Codec>> = { 1: 'lz4', 2: 'zstd' };
const knownVersion = 1;
const kindRdb = 1;

/** Whether a file that begins with `head` begins with an envelope, known or not. */
export function isEnvelope(head: Uint8Array): boolean {
  return head.length >= 3 && head[0] === 0x56 && head[1] === 0x43 && head[2] === 0x53;
}

/** The codec of an envelope around an RDB; else what is not known of it, for people. */
export function readEnvelope(head: Uint8Array): Codec | { readonly unknown: string } {
  if (head.length < envelopeBytes) return { unknown: `${head.length} bytes of an envelope of ${envelopeBytes}` };
  const [version, codec, reserved, kind] = head.subarray(3);
  if (version !== knownVersion) return { unknown: `envelope version ${version}` };
  if (codecs[codec] === undefined) return { unknown: `codec ${codec}` };
  if (reserved !== 0) return { unknown: `a reserved byte of ${reserved}` };
  if (kind !== kindRdb) return { unknown: `stream kind ${kind}` };
  return codecs[codec];
}
