import { defaultRegistry } from '../../../src/engine/commands/index.ts';
import { Dataset } from '../../../src/engine/dataset.ts';
import { Session } from '../../../src/engine/session.ts';
import { RdbCodec } from '../../../src/rdb/codec/codec.ts';
import { CommandView } from '../../../src/resp/command-view.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import type { SourceReader, ValueCodec } from '../../../src/values/value.ts';

/** Decodes RDB values and payloads. */
export const codec: ValueCodec = new RdbCodec();

/** Reads the arguments of one source again, which a test has in memory. */
class MemoryReader implements SourceReader {
  readonly sources: Buffer[];
  constructor(...sources: Buffer[]) {
    this.sources = sources;
  }
  read(source: number, offset: number, length: number): Buffer {
    return this.sources[source].subarray(offset, offset + length);
  }
}

/** Runs every whole command of an AOF without a preamble; only well-formed files. */
export function replay(session: Session, bytes: Buffer, source: number): void {
  const frame = new CommandView();
  frame.bytes = bytes;
  frame.source = source;
  let position = 0;
  const number = () => {
    const end = bytes.indexOf(10, position);
    const value = end < 0 ? Number.NaN : Number.parseInt(bytes.latin1Slice(position + 1, end), 10);
    position = end + 1;
    return value;
  };
  for (frame.ordinal = 0; position < bytes.length; ) {
    if (bytes[position] === 0x23) {
      number();
      continue;
    }
    const argc = number();
    if (Number.isNaN(argc)) return;
    frame.reserve(argc);
    frame.argc = argc;
    for (let index = 0; index < argc; index++) {
      const length = number();
      if (Number.isNaN(length) || position + length > bytes.length) return;
      frame.starts[index] = position;
      frame.lengths[index] = length;
      position += length + 2;
    }
    session.execute(frame);
    frame.ordinal++;
  }
}

/** A session on an empty dataset that reads `bytes` again as source 0. */
export function sessionOf(bytes: Buffer, flavor: Flavor = 'redis-8', now = 0): Session {
  return new Session(new Dataset(), defaultRegistry(), {
    flavor,
    now,
    reader: new MemoryReader(bytes),
    codec,
    errorsMax: 10000,
  });
}
