/* The commands of an AOF, gathered by key. What comes in the order of a hash table is put in order. */

export function parseCommands(bytes: Buffer): string[][] {
  const commands: string[][] = [];
  let position = 0;
  const line = (): string => {
    const end = bytes.indexOf('\r\n', position);
    const text = bytes.latin1Slice(position, end);
    position = end + 2;
    return text;
  };
  while (position < bytes.length) {
    const count = Number(line().slice(1));
    const args: string[] = [];
    for (let index = 0; index < count; index++) {
      const length = Number(line().slice(1));
      args.push(bytes.latin1Slice(position, position + length));
      position += length + 2;
    }
    commands.push(args);
  }
  return commands;
}

/** By database and key; the commands of functions under an empty key. */
export function commandsByKey(bytes: Buffer): Map<string, unknown[]> {
  const byKey = new Map<string, unknown[]>();
  let db = '';
  for (const args of parseCommands(bytes)) {
    if (args[0] === 'SELECT') {
      db = args[1];
      continue;
    }
    const key = args[0] === 'FUNCTION' ? '' : `${db} ${args[0] === 'XGROUP' ? args[2] : args[1]}`;
    const commands = byKey.get(key) ?? [];
    byKey.set(key, commands);
    commands.push(args);
  }
  for (const [key, commands] of byKey) byKey.set(key, inOrder(commands as string[][]));
  return byKey;
}

/** How many arguments each command of the kind has, and what is in all of them, sorted: the order is the table's. */
const tableCommands: Readonly<Record<string, number>> = { SADD: 1, ZADD: 2, HMSET: 2, HSETEX: 8 };

function inOrder(commands: string[][]): unknown[] {
  const size = tableCommands[commands[0][0]];
  if (size === undefined) return commands;
  const lengths = commands.map((args) => `${args[0]} ${args.length}`).sort();
  const items: string[] = [];
  for (const args of commands) {
    if (args[0] === 'HSETEX' || args[0].startsWith('HPEXPIRE') || args[0] === 'PEXPIREAT') items.push(args.join(' '));
    else for (let index = 2; index < args.length; index += size) items.push(args.slice(index, index + size).join(' '));
  }
  return [...lengths, ...items.sort()];
}
