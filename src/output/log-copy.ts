import type { Sources } from '../dataset/sources.ts';
import type { ByteSink } from '../io/writer.ts';

/** The commands of a part, `[from, to)` of a source. A loader begins them with database 0 selected. */
export interface LogSegment {
  readonly source: number;
  readonly from: number;
  readonly to: number;
}

const chunkBytes = 4 * 1024 * 1024;
/** A part that begins as servers let it begin shows its SELECT within so many bytes. */
const headBytes = 4096;
const selectZero = Buffer.from('*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n', 'latin1');

/** Copies bytes of a source as they are. */
export async function copyBytes(
  sources: Sources,
  { source, from, to }: LogSegment,
  sink: ByteSink,
  pause: () => Promise<void>,
): Promise<void> {
  for (let offset = from; offset < to; offset += chunkBytes) {
    sink.write(sources.read(source, offset, Math.min(chunkBytes, to - offset)));
    await pause();
  }
}

/**
 * Makes the database explicit with which a part begins, where the bytes before it may have selected another. A part that
 * selects one itself, as those of servers do, needs nothing.
 */
export function selectFirst(sources: Sources, { source, from, to }: LogSegment, sink: ByteSink): void {
  if (from >= to) return;
  const head = sources.read(source, from, Math.min(headBytes, to - from)).latin1Slice();
  const command = head.replace(/^(#[^\n]*\n)*/, '');
  if (!/^\*2\r\n\$6\r\nselect\r\n/i.test(command)) sink.write(selectZero);
}
