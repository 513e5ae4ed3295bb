/* A whole RDB read, and written for a target: each value encoded anew, or copied where the target reads it. */
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { RdbWriter, type RdbWriterOptions } from '../../../src/rdb/writer/rdb-writer.ts';
import type { Loss } from '../../../src/servers/losses.ts';
import type { Target } from '../../../src/servers/targets.ts';
import { parseRdb, type RdbFile } from './rdb-file.ts';

export interface Rewritten {
  readonly file: RdbFile;
  readonly losses: readonly Loss[];
}

export type Way = 'encode' | 'copy';

/** Bytes that a writer hands to its sink, gathered. */
export class Gathered {
  private readonly pieces: Buffer[] = [];

  write(bytes: Uint8Array): void {
    this.pieces.push(Buffer.from(bytes));
  }

  bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

export function rewriteRdb(
  file: RdbFile,
  target: Target,
  way: Way,
  options: Partial<RdbWriterOptions> = {},
): Rewritten {
  const losses: Loss[] = [];
  const sink = new Gathered();
  const writer = new RdbWriter(sink, { ...options, target, onLoss: (loss) => losses.push(loss) });
  const codec = new RdbCodec({ fork: file.fork, templates: file.templates });
  writer.writeHeader({ ctime: 1_700_000_000 });
  for (const code of file.libraries) writer.writeFunction(code);
  for (const db of new Set(file.keys.map((key) => key.db))) {
    const keys = file.keys.filter((key) => key.db === db);
    writer.selectDatabase(db, keys.length, keys.filter(({ expire }) => !Number.isNaN(expire)).length);
    for (const { key, type, value, expire, idle, freq, metadata } of keys) {
      const usage = { idle, freq, metadata };
      if (way === 'copy' && writer.canCopy(type, value, 0, value.length)) {
        writer.writeRawKey(type, key, 0, key.length, expire, value, 0, value.length, usage);
      } else {
        const decoded = codec.decode(type, value, 0, value.length);
        writer.writeKey(key, 0, key.length, expire, decoded, usage);
      }
    }
  }
  const { bytes: length } = writer.finish();
  const bytes = sink.bytes();
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes came, ${length} were announced`);
  return { file: parseRdb(bytes), losses };
}
