import { FindingList } from '../../aof/report.ts';
import { FormatError } from '../../faults.ts';
import { FileSource } from '../../io/source.ts';
import { escapeBinary } from '../../io/text.ts';
import { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../load.ts';
import { LastMatch, type PointGate } from './point-gate.ts';
import type { CutPlace, LogSelection, PointInTime } from './point-in-time.ts';

/** What a first reading of a log told of it. */
export interface LogInspection {
  readonly last: CutPlace | undefined;
  readonly firstTimestamp: number | undefined;
  readonly damaged: boolean;
}

/** Reads the log for `beforeLast`, without executing anything. */
export async function inspectLog(
  path: string,
  point: PointInTime,
  options: LoadOptions,
): Promise<LogInspection | undefined> {
  if (point.beforeLast === undefined) return undefined;
  const gate = new LastMatch(point.beforeLast.pattern, false);
  const loaded = await loadDataset(path, { ...options, gate, findings: new FindingList(), onProgress: undefined });
  loaded.close();
  return inspectionOf(gate, loaded);
}

export function inspectionOf(gate: LastMatch, loaded: Loaded): LogInspection {
  return { last: gate.found, firstTimestamp: gate.position.firstTimestamp, damaged: loaded.findings.errors > 0 };
}

/** The same point without `beforeLast`; a sentence where the log has no such command, or no times. */
export function resolvePoint(point: PointInTime, survey: LogInspection | undefined): PointInTime | string {
  const { beforeLast } = point;
  if (beforeLast === undefined || survey === undefined) return point;
  const name = escapeBinary(beforeLast.pattern, 200);
  // Whatever lies behind the damage may hold a later one.
  if (survey.damaged) return `the log is damaged, so nobody can tell its last ${name}: repair a copy first`;
  if (survey.last === undefined) return `the log has no ${name}`;
  const { path, offset, transaction, timestamp } = survey.last;
  const rest = { ...point, beforeLast: undefined };
  if (beforeLast.minus === 0) return { ...rest, toOffset: { file: path, offset: transaction ?? offset } };
  if (timestamp === undefined)
    return `nothing tells when the last ${name} was: the log has no timestamps (aof-timestamp-enabled)`;
  return { ...rest, toTimestamp: timestamp - beforeLast.minus };
}

/**
 * Why the log cannot be ended there: it has no times, or they begin later or end earlier, or it has no such command or file. Undefined
 * where it can. `force`: a time that the log's own do not reach is taken all the same.
 */
export function pointRefusal(gate: PointGate, loaded: Loaded, force: boolean): string | undefined {
  const { point, cut, unknownFile } = gate;
  if (unknownFile !== undefined) return `the log has no file ${unknownFile}`;
  if (point.before !== undefined && cut === undefined) return `the log has no ${escapeBinary(point.before, 200)}`;
  const { toTimestamp } = point;
  if (toTimestamp === undefined) return undefined;
  if (!gate.hasTimes) return 'the log has no timestamps (aof-timestamp-enabled): say an offset or a command instead';
  const [front] = loaded.files;
  const saved = front?.rdb === undefined ? undefined : creationOf(front.path);
  if (saved !== undefined && saved > toTimestamp)
    return `the log reaches back to ${moment(saved)}, when ${front.path} was written, and not to ${moment(toTimestamp)}`;
  if (!force) {
    const last = gate.lastTimestamp;
    if (gate.cut === undefined && last !== undefined && toTimestamp > last)
      return `the log ends at ${moment(last)}, before ${moment(toTimestamp)}: all of it would count (--force takes it)`;
    if (gate.laterTimestamp !== undefined && last === undefined && gate.passed > 0)
      return `the first time in the log is ${moment(gate.laterTimestamp)}: nothing tells when the ${gate.passed} commands before it ran (--force takes them for earlier than ${moment(toTimestamp)})`;
  }
  const nothing = front?.rdb === undefined && cut !== undefined && gate.passed === 0;
  return nothing ? `the log begins after ${moment(toTimestamp)}` : undefined;
}

export function selectionOf(gate: PointGate): LogSelection {
  return { cut: gate.cut, commands: gate.passed, leftOut: gate.skipped };
}

const moment = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '');

/** When an RDB was written (its aux field ctime), seconds since 1970. */
function creationOf(path: string): number | undefined {
  const source = FileSource.open(path);
  try {
    const reader = new RdbReader(new RdbInput(source, 4096), { checksum: false });
    reader.readHeader();
    while (reader.next() === Item.aux) if (reader.auxName === 'ctime') return Number(reader.auxValue);
    return undefined;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  } finally {
    source.close();
  }
}
