import { escapeBytes } from '../../io/text.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { commandRows } from '../../servers/commands.generated.ts';

/** Key positions by command, from the catalog: first, last (negative: from the end), step. */
const positions = new Map(commandRows.map(([name, , , , first, last, step]) => [name, [first, last, step] as const]));

/** Keys of one command that are listed. */
const keysMax = 8;

/** Escaped names of the keys that a command touches, as far as its positions tell; `frame` must hold the command whole. */
export function keysOf(frame: CommandView): string[] {
  const name = frame.text(0).toUpperCase();
  const sub = frame.argc > 1 ? `${name} ${frame.text(1).toUpperCase()}` : name;
  const [first, last, step] = positions.get(sub) ?? positions.get(name) ?? [0, 0, 0];
  if (first === 0 || step === 0) return [];
  const end = last < 0 ? frame.argc + last : Math.min(last, frame.argc - 1);
  const keys: string[] = [];
  for (let index = first; index <= end && keys.length < keysMax; index += step) keys.push(keyAt(frame, index));
  return keys;
}

function keyAt(frame: CommandView, index: number): string {
  const start = frame.starts[index];
  return escapeBytes(frame.bytes, start, start + frame.lengths[index], 128);
}
