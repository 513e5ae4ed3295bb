import { commandRows } from '../../catalog/commands.generated.ts';
import { hasGeneration, hasGenerationOf } from '../../catalog/generations.ts';
import { Frame } from '../../engine/frame.ts';
import { RdbInput } from '../../rdb/input.ts';
import type { Target } from '../../rdb/targets.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import type { Sources } from '../dataset/sources.ts';
import type { LogSegment } from './log-copy.ts';

/** Records between two pauses. */
const recordsBetweenPauses = 1 << 16;
/** Longest argument that is compared with the table's. */
const argumentBytesMax = 12;

/** Commands whose arguments came later than they did: the argument, and the first Redis whose loader takes it. */
const laterArguments: { readonly [command: string]: { readonly [argument: string]: string } | undefined } = {
  SET: { KEEPTTL: '6.0', PXAT: '6.2', EXAT: '6.2', GET: '6.2', IFEQ: '8.4', IFNE: '8.4', IFDEQ: '8.4', IFDNE: '8.4' },
  PEXPIREAT: { NX: '7.0', XX: '7.0', GT: '7.0', LT: '7.0' },
  EXPIREAT: { NX: '7.0', XX: '7.0', GT: '7.0', LT: '7.0' },
  XSETID: { ENTRIESADDED: '7.0' },
  XGROUP: { ENTRIESREAD: '7.0' },
  XADD: { NOMKSTREAM: '6.2', MINID: '6.2', IDMP: '8.6', IDMPAUTO: '8.6', KEEPREF: '8.2', DELREF: '8.2', ACKED: '8.2' },
  XTRIM: { MINID: '6.2', KEEPREF: '8.2', DELREF: '8.2', ACKED: '8.2' },
};

/**
 * Whether a target's loader knows every command of these parts of a log, and the arguments that its generation brought. Names
 * of modules' commands and unknown ones say nothing. False makes the caller replay the log and write it in the target's words.
 */
export async function targetReadsLog(
  sources: Sources,
  segments: readonly LogSegment[],
  target: Target,
  pause: () => Promise<void>,
): Promise<boolean> {
  const known = new Map<string, boolean>();
  const frame = new Frame();
  for (const { source, from, to } of segments) {
    if (from >= to) continue;
    const input = new RdbInput(sources.reopen(source));
    input.seek(from);
    const scanner = new RespScanner(input, true);
    for (let count = 1; ; count++) {
      const record = scanner.next(frame);
      if (record === Record.end || record === Record.flaw) break;
      if (record === Record.command && !reads(frame, target, known)) return false;
      if (count % recordsBetweenPauses === 0) await pause();
    }
  }
  return true;
}

function reads(frame: Frame, target: Target, known: Map<string, boolean>): boolean {
  const name = frame.text(0).toUpperCase();
  const full = containers.has(name) && frame.argc > 1 ? `${name} ${frame.text(1).toUpperCase()}` : name;
  let isKnown = known.get(full);
  if (isKnown === undefined) known.set(full, (isKnown = targetHas(full, target)));
  if (!isKnown) return false;
  // Its payload is of some RDB version, which the target may not take.
  if (name === 'RESTORE') return false;
  const later = laterArguments[name];
  if (later === undefined) return true;
  for (let index = 2; index < frame.argc; index++) {
    if (frame.lengths[index] > argumentBytesMax) continue;
    const since = later[frame.text(index).toUpperCase()];
    if (since !== undefined && isNewer(since, redisLevel(target))) return false;
  }
  return true;
}

/** The Redis release that a target's commands are like: Valkey began as 7.2. */
function redisLevel(target: Target): string {
  return target.fork === 'valkey' ? '7.2' : target.name.slice('redis-'.length);
}

const rows = new Map(commandRows.map((row) => [row[0], row]));
const containers = new Set(commandRows.filter((row) => row[3].includes('c')).map(([name]) => name));

function targetHas(name: string, target: Target): boolean {
  const row = rows.get(name);
  if (row === undefined) return true;
  if (target.fork === 'valkey') return hasGeneration(row[8], nearestValkey(target));
  return hasGenerationOf(row[8], 'redis-') && !isNewer(row[7], redisLevel(target));
}

function nearestValkey({ rdbVersion }: Target): string {
  if (rdbVersion >= 81) return 'valkey-9.2';
  return rdbVersion >= 80 ? 'valkey-9.1' : 'valkey-8.1';
}

/** Whether release `a` is newer than `b`, of both only major and minor. */
function isNewer(a: string, b: string): boolean {
  const [majorA, minorA] = a.split('.').map(Number);
  const [majorB, minorB] = b.split('.').map(Number);
  return majorA !== majorB ? majorA > majorB : minorA > minorB;
}
