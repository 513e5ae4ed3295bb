import fs from 'node:fs';
import path from 'node:path';
import { MemorySource } from '../../src/io/source.ts';
import { repair } from '../../src/operations/repair/repair.ts';
import { Item, RdbReader } from '../../src/rdb/reader.ts';
import { ValueCheck } from '../../src/rdb/value-check.ts';
import { checkValue } from '../../src/rdb/value-types.ts';
import { type Damage, touches } from './damage.ts';
import { hastyFs } from './property.ts';

/** A key's record, in hex, and where it lies. */
interface KeyRecord {
  readonly from: number;
  readonly to: number;
  readonly bytes: string;
}

/** The records of an RDB by `db key`; and whether a damage hits what says in which database keys are. */
function keyRecords(bytes: Buffer, damage?: Damage): { keys: Map<string, KeyRecord>; displaced: boolean } {
  const reader = RdbReader.open(new MemorySource(bytes));
  reader.readHeader();
  const values = new ValueCheck(false, reader.templates, 0);
  values.ofFormat(reader);
  const keys = new Map<string, KeyRecord>();
  let displaced = false;
  for (;;) {
    const item = reader.next();
    const from = reader.itemOffset;
    if (item === Item.key) {
      const key = `${reader.db} ${reader.key.latin1Slice(0, reader.keyLength)}`;
      checkValue(reader.input, reader.type, values);
      const to = reader.input.offset;
      keys.set(key, { from, to, bytes: bytes.toString('hex', from, to) });
      continue;
    }
    const anchors = item === Item.selectDb || item === Item.hashTemplate;
    if (anchors && damage !== undefined && touches(damage, from, reader.input.offset)) displaced = true;
    if (item === Item.end) return { keys, displaced };
  }
}

/**
 * What a repair did to keys: those that it lost although nothing touched them, and those that never were. A record whose own name
 * was damaged and that is sound in itself is none of these.
 */
export interface Losses {
  readonly lost: readonly string[];
  readonly invented: readonly string[];
}

/** Repairs a damaged RDB; undefined where the damage hit what says in which database keys are. */
export async function lossesOf(whole: Buffer, damage: Damage, dir: string): Promise<Losses | undefined> {
  const { keys, displaced } = keyRecords(whole, damage);
  if (displaced) return undefined;
  const file = path.join(dir, 'dump.rdb');
  fs.writeFileSync(file, damage.bytes);
  const result = await repair(file, { inPlace: true, backup: false, force: true, fileSystem: hastyFs });
  if (result.outcome !== 'repaired' && result.outcome !== 'sound')
    throw new Error(`${result.outcome}: ${result.reason}`);
  const left = keyRecords(fs.readFileSync(file)).keys;
  const imageOf = ({ from, to }: KeyRecord) =>
    damage.bytes.toString('hex', afterDamage(damage, whole.length, from), afterDamage(damage, whole.length, to));
  const renamed = new Set([...keys.values()].filter(({ from, to }) => touches(damage, from, to)).map(imageOf));
  const untouched = [...keys].filter(([, { from, to }]) => !touches(damage, from, to));
  return {
    lost: untouched.filter(([key, { bytes }]) => left.get(key)?.bytes !== bytes).map(([key]) => key),
    invented: [...left].filter(([key, { bytes }]) => !keys.has(key) && !renamed.has(bytes)).map(([key]) => key),
  };
}

/** Where an offset of the original lies behind the damage. */
function afterDamage({ kind, ranges, bytes }: Damage, size: number, offset: number): number {
  const [[from, to]] = ranges;
  if (offset <= from || (kind !== 'insert' && kind !== 'remove')) return offset;
  return offset >= to ? offset + bytes.length - size : from;
}
