import { MemorySource } from '../../src/io/source.ts';
import { Window } from '../../src/io/window.ts';
import { Item, RdbReader } from '../../src/rdb/reader.ts';
import { ValueCheck } from '../../src/rdb/value-check.ts';
import { checkValue } from '../../src/rdb/value-types.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { Record, RespScanner } from '../../src/resp/scanner.ts';
import { commandRows } from '../../src/servers/commands.generated.ts';
import { type Damage, touches } from './damage.ts';

const id = (db: number, key: string) => `${db} ${key}`;

/**
 * Which keys a damage may have changed, as `db key`; undefined where that cannot be told by keys: what it hit says in which database
 * all that follows is, or empties databases.
 */
export function touchedKeys(bytes: Buffer, damage: Damage): Set<string> | undefined {
  const touched = new Set<string>();
  let at = 0;
  if (/^(REDIS|VALKEY)/.test(bytes.latin1Slice(0, 6))) {
    const end = touchedInRdb(bytes, damage, touched);
    if (end === undefined) return undefined;
    at = end;
  }
  return touchedInAof(bytes, at, damage, touched) ? touched : undefined;
}

/** Carries what is touched on through a later part of the dataset, which is not damaged. */
export function carryOn(bytes: Buffer, touched: Set<string>): void {
  touchedInAof(bytes, 0, { kind: 'none', bytes, ranges: [] }, touched);
}

function touchedInRdb(bytes: Buffer, damage: Damage, touched: Set<string>): number | undefined {
  const reader = RdbReader.open(new MemorySource(bytes));
  reader.readHeader();
  const values = new ValueCheck(false, reader.templates, 0);
  values.ofFormat(reader);
  for (;;) {
    const item = reader.next();
    if (item === Item.key) {
      const key = id(reader.db, reader.key.latin1Slice(0, reader.keyLength));
      checkValue(reader.input, reader.type, values);
      if (touches(damage, reader.itemOffset, reader.input.offset)) touched.add(key);
      continue;
    }
    const hit = touches(damage, reader.itemOffset, reader.input.offset);
    if (hit && (item === Item.selectDb || item === Item.hashTemplate)) return undefined;
    if (item === Item.end) return reader.endOffset;
  }
}

const rows = new Map(commandRows.map((row) => [row[0], row]));
const everything = new Set(['SELECT', 'FLUSHALL', 'FLUSHDB', 'SWAPDB', 'MULTI', 'EXEC', 'TRIMSLOTS', 'CLUSTER']);

/** Follows what is touched through the commands that move it on; false where it may be anything. */
function touchedInAof(bytes: Buffer, start: number, damage: Damage, touched: Set<string>): boolean {
  const window = new Window(new MemorySource(bytes));
  window.seek(start);
  const scanner = new RespScanner(window, true);
  const frame = new CommandView();
  let db = 0;
  for (;;) {
    const record = scanner.next(frame);
    if (record === Record.end) return true;
    if (record === Record.flaw) throw new Error('the original is damaged');
    if (record === Record.annotation) continue;
    const name = frame.text(0).toUpperCase();
    const hit = touches(damage, scanner.start, window.offset);
    if (hit && everything.has(name)) return false;
    if (name === 'SELECT') db = Number(frame.text(1));
    const keys = keysIn(frame, name).map((key) => id(db, key));
    if (name === 'MOVE' || name === 'COPY') keys.push(...otherDatabases(frame));
    if (hit || keys.some((key) => touched.has(key))) for (const key of keys) touched.add(key);
  }
}

function otherDatabases(frame: CommandView): string[] {
  const names = [frame.text(1), frame.text(2)];
  return Array.from({ length: 16 }, (_, db) => names.map((name) => id(db, name))).flat();
}

/** Every argument may be a key where the positions do not tell. */
function keysIn(frame: CommandView, name: string): string[] {
  const row = rows.get(`${name} ${frame.argc > 1 ? frame.text(1).toUpperCase() : ''}`) ?? rows.get(name);
  const [, , , flags = 'm', first = 0, last = 0, step = 0] = row ?? [];
  const all = Array.from({ length: frame.argc - 1 }, (_, index) => frame.text(index + 1));
  if (flags.includes('m') || first === 0) return all;
  const end = last < 0 ? frame.argc + last : last;
  return all.filter((_, index) => index + 1 >= first && index + 1 <= end && (index + 1 - first) % step === 0);
}
