/*
 * The table of commands in a kernel's memory (assembly/command-table.ts shows a slot): filled here, searched there.
 */

/** Slots of a table and bytes of each. */
export const commandSlotCount = 1024;
export const commandSlotBytes = 32;
/** Names beyond this many letters, or with anything but letters, have no place in a table. */
const tableNameMax = 16;

/** Whether a table can hold the name, given in upper case. */
export function fitsTable(name: string): boolean {
  return name.length <= tableNameMax && /^[A-Z]+$/.test(name);
}

/**
 * Puts a name, upper case and not yet there, into a table; `kind` is not 0. The position of the slot's eight bytes that are the
 * lane's own.
 */
export function addToTable(table: DataView, name: string, kind: number): number {
  const bytes = Buffer.alloc(tableNameMax);
  bytes.latin1Write(name, 0);
  let index = hashOf(bytes);
  while (table.getUint32(index * commandSlotBytes + 24, true) !== 0) index = (index + 1) % commandSlotCount;
  const slot = index * commandSlotBytes;
  for (let position = 0; position < tableNameMax; position++) table.setUint8(slot + position, bytes[position]);
  table.setUint32(slot + 24, kind, true);
  table.setUint32(slot + 28, name.length, true);
  return slot + 16;
}

/** As in assembly/command-table.ts. */
function hashOf(name: Buffer): number {
  const mixed =
    name.readUInt32LE(0) ^
    Math.imul(name.readUInt32LE(4), 0x9e3779b1) ^
    Math.imul(name.readUInt32LE(8), 0x85ebca6b) ^
    Math.imul(name.readUInt32LE(12), 0xc2b2ae35);
  return Math.imul(mixed, 0x27d4eb2f) >>> 22;
}
