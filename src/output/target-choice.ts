import { append } from '../arrays.ts';
import type { Loaded } from '../dataset/load.ts';
import { flavorsThatKnow } from '../dataset/version-hints.ts';
import { type CommandRow, commandRows } from '../servers/commands.generated.ts';
import { flavorRules } from '../servers/flavor.ts';
import { findTarget, plainDefault, type Target, targetOfRdb, targets } from '../servers/targets.ts';

/**
 * The newest server generation that the input shows signs of: the RDB that it begins with, the layout, and the youngest command
 * that was replayed. `calls` counts the commands by their id.
 */
export function usedTarget(loaded: Loaded, calls: Float64Array = loaded.session.calls): Target {
  const signs: Target[] = [];
  for (const { rdb } of loaded.files) {
    if (rdb !== undefined) signs.push(targetOfRdb(rdb.fork, rdb.version, rdb.serverVersion));
  }
  if (signs.length === 0)
    signs.push(named(flavorRules(loaded.session.flavor).fork === 'valkey' ? 'valkey-7.2' : plainDefault));
  if (loaded.multiPart !== undefined) signs.push(named(signs[0].fork === 'valkey' ? 'valkey-7.2' : 'redis-7.0'));
  append(signs, commandSigns(loaded, calls, signs[0].fork));
  return signs.reduce((newest, sign) => (age(sign) > age(newest) ? sign : newest));
}

/** The version that is known to have written the input, where that is the one to write for; undefined where none is named. */
export function knownWriter({ files }: Loaded, target: Target): Target | undefined {
  const generation = target.name.slice(target.name.indexOf('-') + 1);
  return files.some(({ rdb }) => rdb?.serverVersion.startsWith(`${generation}.`)) ? target : undefined;
}

/** Release order within a fork; a sign of Valkey weighs more than one of Redis, whose formats it reads up to 7.2. */
const age = (target: Target): number => targets.indexOf(target);

function named(name: string): Target {
  const target = findTarget(name);
  if (target === undefined) throw new Error(`no target is called ${name}`);
  return target;
}

/** For each command that was replayed, the first release that has it. */
function commandSigns(loaded: Loaded, calls: Float64Array, fork: string): Target[] {
  const { registry } = loaded.session;
  const signs: Target[] = [];
  for (const row of commandRows) {
    const [name, , , , , , , since] = row;
    const command = registry.named(name);
    if (command === undefined || calls[command.id] === 0) continue;
    const [major, minor] = since.split('.');
    const release = fork === 'redis' ? `redis-${major}.${minor}` : valkeyRelease(row);
    const target = findTarget(release);
    if (target !== undefined) signs.push(target);
  }
  return signs;
}

/** When Valkey took a command up is known of its 9 alone. */
function valkeyRelease(row: CommandRow): string {
  const known = flavorsThatKnow(row);
  if (known.includes('valkey-8')) return '';
  return known.includes('valkey-9') || !known.includes('valkey-9.2') ? 'valkey-9.0' : 'valkey-9.2';
}
