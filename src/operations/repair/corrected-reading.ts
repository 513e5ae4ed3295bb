import type { Sources } from '../../dataset/sources.ts';
import { FormatError } from '../../faults.ts';
import { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import type { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import type { CrcCorrection } from './crc-correction.ts';
import { PiecesSource } from './pieces-source.ts';

const itemsBetweenPauses = 1 << 17;

/** What a file holds once it is mended. */
export interface MendedReading {
  readonly keys: number;
  readonly version: number;
}

/** Reads an RDB as it was before the damage; undefined where that is not sound in every part, its checksum among them. */
export async function readMended(
  sources: Sources,
  index: number,
  size: number,
  { offset, length, bytes }: CrcCorrection,
  seed: number,
  pause: () => Promise<void>,
): Promise<MendedReading | undefined> {
  const pieces = [
    { kind: 'copy', offset: 0, length: offset },
    { kind: 'bytes', bytes },
    { kind: 'copy', offset: offset + length, length: size - offset - length },
  ] as const;
  const reader = RdbReader.open(new PiecesSource(sources.reopen(index), pieces, 0, () => {}));
  const values = new ValueCheck(true, reader.templates, seed);
  const duplicates = new DuplicateKeys(seed);
  try {
    reader.readHeader();
    values.ofFormat(reader);
    for (let items = 1, keys = 0; ; items++) {
      const item = reader.next();
      if (item === Item.end) {
        const sound = reader.checksumState === 'ok' && !duplicates.suspicious;
        return sound ? { keys, version: reader.version } : undefined;
      }
      if (item === Item.key) {
        if (!isSoundValue(reader.input, reader.type, values)) return undefined;
        duplicates.add(reader.key, reader.keyLength, reader.db);
        keys++;
      }
      if (items % itemsBetweenPauses === 0) await pause();
    }
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function isSoundValue(input: RdbInput, type: number, values: ValueCheck): boolean {
  values.begin();
  checkValue(input, type, values);
  return !values.notes.some(({ severity }) => severity === 'error');
}
