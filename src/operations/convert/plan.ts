import nodePath from 'node:path';
import type { ManifestPart } from '../../aof/manifest.ts';
import type { RdbReport } from '../../aof/report.ts';
import { UsageError } from '../../errors.ts';
import type { LogSegment } from '../../output/log-copy.ts';
import type { OutputFormat } from '../../output/rewrite-output.ts';
import { findTarget, nextTarget, plainDefault, type Target, targetOfRdb, targets } from '../../servers/targets.ts';
import type { InspectedInput, InspectedPart } from './inspect.ts';
import { changesKeys } from './key-router.ts';
import { type LogNeeds, neededRelease } from './log-needs.ts';
import type { ConvertOptions } from './options.ts';

/** What the keys are written as; a `log` is nothing but commands that are copied. */
export type MainForm = 'rdb' | 'resp' | 'log';

/** Whether the dataset must be built, because a log cannot be kept as it is. */
export function mustReplay(inputs: readonly InspectedInput[], options: ConvertOptions): boolean {
  if (options.point !== undefined) return true;
  const [input] = inputs;
  if (input.parts.slice(1).some(({ rdbBytes }) => rdbBytes > 0)) return true;
  if (input.parts.some(({ report }) => needsReplay(report.rdb))) return true;
  if (!inputs.some(({ hasCommands }) => hasCommands)) return false;
  if (inputs.length > 1 || options.compact === true || options.onExisting !== undefined || changesKeys(options))
    return true;
  const { to, base } = options;
  if (to === 'rdb') return true;
  return (to === 'hybrid' || base === 'rdb') && !beginsWithRdb(input);
}

/** Whether what stands behind or between its keys changes them. */
function needsReplay(rdb: RdbReport | undefined): boolean {
  return rdb?.updates !== undefined || rdb?.memberExpiries !== undefined;
}

/** An input without any key or command begins with an RDB as well as with anything else. */
function beginsWithRdb({ parts, hasCommands }: InspectedInput): boolean {
  return (parts[0]?.rdbBytes ?? 0) > 0 || !hasCommands;
}

/** The form of the keys in the output. */
export function mainForm(inputs: readonly InspectedInput[], options: ConvertOptions, replay: boolean): MainForm {
  const { to, base } = options;
  const isRdb = beginsWithRdb(inputs[0]);
  if (to === 'rdb' || to === 'hybrid') return 'rdb';
  if (!replay && !isRdb) return 'log';
  if (to === 'aof') return 'resp';
  const wanted = base ?? (isRdb || inputs[0].layout !== 'multi-part' ? 'rdb' : 'aof');
  return wanted === 'rdb' ? 'rdb' : 'resp';
}

/** The parts of a log that come after the keys, in the order of loading. */
export function logSegments({ parts }: InspectedInput): LogSegment[] {
  return parts.map(({ source, rdbBytes, bytes }) => ({ source, from: rdbBytes, to: bytes }));
}

/** The newest generation that an input shows signs of: its RDB, and its layout. */
export function inspectedTarget({ parts, layout }: InspectedInput): Target {
  const signs = parts.flatMap(({ report: { rdb } }) => {
    if (rdb === undefined) return [];
    return [targetOfRdb(rdb.fork, rdb.version, rdb.aux['valkey-ver'] ?? rdb.aux['redis-ver'])];
  });
  if (signs.length === 0) signs.push(named(plainDefault));
  if (layout === 'multi-part') signs.push(named(signs[0].fork === 'valkey' ? 'valkey-7.2' : 'redis-7.0'));
  return newest(signs);
}

/** The version that is known to have written the input, where that is the one to write for; undefined where none is named. */
export function knownWriter(inputs: readonly InspectedInput[], target: Target): Target | undefined {
  const versions = inputs.flatMap(({ parts }) => parts).map(({ report }) => report.rdb?.aux ?? {});
  const isNamed = versions.some((aux) =>
    (aux['valkey-ver'] ?? aux['redis-ver'] ?? '').startsWith(`${generationOf(target)}.`),
  );
  return isNamed ? target : undefined;
}

const generationOf = ({ name }: Target): string => name.slice(name.indexOf('-') + 1);

/**
 * The first default target from this one on that loads the commands that are copied. Where no release of its fork does and the log says
 * nothing of a fork, one of the other.
 */
export function raisedFor(needs: LogNeeds, target: Target, [input]: readonly InspectedInput[]): Target {
  for (let next: Target | undefined = target; next !== undefined; next = nextTarget(next))
    if (needs.fits(next)) return next;
  if (input.parts.some(({ report }) => report.rdb !== undefined)) return target;
  return targets.find((one) => one.fork !== target.fork && !one.onlyByName && needs.fits(one)) ?? target;
}

/** What is needed to load bytes that were copied: commands, and with `rdb` the RDB at their front. */
export function neededBy(
  needs: LogNeeds,
  inputs: readonly InspectedInput[],
  rdb: boolean,
  options: ConvertOptions,
  target: Target,
) {
  const requirements = needs.requirements();
  const versions = inputs.flatMap(({ parts }) => parts).map(({ report }) => report.rdb);
  for (const found of versions) {
    if (!rdb || found === undefined) continue;
    const { fork, version } = found;
    const fits = (one: Target) => one.rdbVersion >= version && (fork === 'redis' || one.fork === fork);
    requirements.push({ label: `RDB version ${version}`, fits });
  }
  if (options.to === 'multipart') requirements.push({ label: 'the multi-part layout', fits: (one) => one.hasManifest });
  const of = (fork: Target['fork']) =>
    neededRelease(
      requirements,
      targets.filter((one) => one.fork === fork),
    );
  const own = of(target.fork);
  if (own === undefined || own.target !== '') return own;
  const other = of(target.fork === 'redis' ? 'valkey' : 'redis');
  return other !== undefined && other.target !== '' ? { ...other, because: own.because } : own;
}

/** The newest of these, Valkey after Redis. */
export function newest(signs: readonly Target[]): Target {
  return signs.reduce((best, sign) => (targets.indexOf(sign) > targets.indexOf(best) ? sign : best));
}

function named(name: string): Target {
  const target = findTarget(name);
  if (target === undefined) throw new UsageError(`no server generation is called ${name}`);
  return target;
}

/** The wanted target, or the first from the newest of the inputs on that has the wanted layout. Throws UsageError. */
export function chooseTarget(inputs: readonly InspectedInput[], options: ConvertOptions, form: MainForm): Target {
  const { to } = options;
  if (options.target === undefined) {
    let target = newest(inputs.map(inspectedTarget));
    for (let next = nextTarget(target); next !== undefined && !fits(target, to, form); next = nextTarget(next))
      target = next;
    return target;
  }
  const target = named(options.target);
  if (to === 'multipart' && !target.hasManifest) throw new UsageError(`${target.name} has no multi-part AOFs`);
  if (!fits(target, to, form)) throw new UsageError(`${target.name} reads no AOF with an RDB preamble`);
  return target;
}

function fits({ hasManifest, hasPreamble }: Target, to: OutputFormat, form: MainForm): boolean {
  if (to === 'multipart') return hasManifest;
  return to !== 'hybrid' || form !== 'rdb' || hasPreamble;
}

/** The lines of the manifest to be written, and what it is named after. */
export interface FolderPlan {
  readonly prefix: string;
  readonly parts: readonly ManifestPart[];
}

/**
 * The parts of a multi-part output: those of a multi-part input keep their names; a log becomes the base under its own name,
 * as a server's upgrade does it; else there are a base and an increment.
 */
export function folderPlan(input: InspectedInput, form: MainForm, target: Target, replay: boolean): FolderPlan {
  const prefix = prefixOf(input);
  const extension = form === 'rdb' ? 'rdb' : 'aof';
  const [first] = input.parts;
  const keepsNames = form === 'log' || first?.part?.type === 'b';
  if (input.layout === 'multi-part' && !replay && keepsNames)
    return { prefix, parts: keptParts(input, form, target, prefix) };
  if (form === 'log') return { prefix, parts: [line(prefix, 1, 'b', [])] };
  const sequence = first?.part?.type === 'b' && !replay ? first.part.sequence : 1;
  const base = line(`${prefix}.${sequence}.base.${extension}`, sequence, 'b', []);
  return { prefix, parts: [base, line(`${prefix}.1.incr.aof`, 1, 'i', startOffset(target))] };
}

function prefixOf({ manifest, path, parts }: InspectedInput): string {
  if (manifest !== undefined) return nodePath.basename(manifest, '.manifest');
  const name = nodePath.basename(parts[0]?.path ?? path).replace(/\.gz$/, '');
  return name.endsWith('.aof') ? name : 'appendonly.aof';
}

function keptParts(input: InspectedInput, form: MainForm, target: Target, prefix: string): ManifestPart[] {
  return input.parts.map(({ part, rdbBytes }: InspectedPart) => {
    if (part === undefined) throw new Error('a part of a multi-part AOF has a line');
    if (part.type === 'i') return line(part.name, part.sequence, 'i', offsetsFor(part, target));
    const isSame = form === 'log' || (form === 'rdb') === rdbBytes > 0;
    const name = isSame ? part.name : `${prefix}.${part.sequence}.base.${form === 'rdb' ? 'rdb' : 'aof'}`;
    return line(name, part.sequence, 'b', []);
  });
}

const startOffset = (target: Target): [string, string][] => (target.manifestStartOffset ? [['startoffset', '0']] : []);

/** An increment's fields, as the target writes them. */
function offsetsFor({ extra }: ManifestPart, target: Target): (readonly [string, string])[] {
  if (!target.manifestStartOffset) return [];
  return extra.length > 0 ? [...extra] : startOffset(target);
}

function line(name: string, sequence: number, type: 'b' | 'i', extra: ManifestPart['extra']): ManifestPart {
  return { name, sequence, type, extra, line: 0, offset: 0 };
}
