import { LogPlace } from '../../aof/log/visitor.ts';
import { eachNested } from '../../engine/nested-commands.ts';
import { databaseMax } from '../../limits.ts';
import { integerArgument } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';

/** An RREPLAY may carry another one, where replicas pass on to replicas. */
const depthMax = 4;
const nameLength = 7;

/**
 * Shows the commands that an RREPLAY of KeyDB carries (RREPLAY uuid commands [database [stamp]]), and those of one within it. Each has the
 * ordinal of the command of the log, its own offset and length, and the database in which it runs. Nothing is shown of what does not hold
 * whole commands.
 */
export function eachReplayed(
  frame: CommandView,
  place: LogPlace,
  visit: (nested: CommandView, place: LogPlace) => void,
  depth = 1,
): void {
  if (frame.lengths[0] !== nameLength || frame.argc < 3 || frame.text(0).toUpperCase() !== 'RREPLAY') return;
  const within = Object.assign(new LogPlace(place.part), place);
  const database = frame.argc > 3 ? integerArgument(frame, 3) : Number.NaN;
  if (database >= 0 && database <= databaseMax) within.database = database;
  eachNested(frame, 2, (nested) => {
    within.offset = nested.base + headerOf(nested);
    within.length = nested.base + nested.starts[nested.argc - 1] + nested.lengths[nested.argc - 1] + 2 - within.offset;
    visit(nested, within);
    if (depth < depthMax) eachReplayed(nested, within, visit, depth + 1);
  });
}

/** Where a command begins, in its buffer: at its `*`, two headers before its name. */
function headerOf({ bytes, starts }: CommandView): number {
  return bytes.lastIndexOf('*', starts[0] - 1);
}
