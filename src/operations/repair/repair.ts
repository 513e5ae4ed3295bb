import nodePath from 'node:path';
import { refuseBackup } from '../../aof/backup.ts';
import { detectLayout, listFolder } from '../../aof/layout.ts';
import { Sources } from '../../dataset/sources.ts';
import { UnreadableError, UsageError } from '../../errors.ts';
import { isUnsupported, ruleOf } from '../../findings.ts';
import { DecompressionError } from '../../io/decompression-error.ts';
import nodeFs from '../../io/file-system.ts';
import { lookAt, resolveLink } from '../../io/open-folder.ts';
import { OutputLock } from '../../io/output-lock.ts';
import { isGzip } from '../../io/source.ts';
import { InputGuard, inputFiles, isInput, siblingParts } from '../../output/input-guard.ts';
import { BackgroundCopy } from './background-copy.ts';
import { type DatasetPlan, planDataset } from './dataset-plan.ts';
import { Execution, type Safeguards } from './execution.ts';
import { missingManifest } from './manifest-plan.ts';
import { missingText } from './missing.ts';
import type { RepairOutcome, RepairResult, RepairSettings } from './options.ts';
import type { Tally } from './plan.ts';
import { Quarantine } from './quarantine.ts';

/**
 * Plans the repair of what lies at `path` and, where an output is named or it is to happen in place, carries it out. Nothing
 * is replaced before its replacement is whole, flushed and checked. Throws UnreadableError, UnwritableError, UsageError.
 */
export async function repair(path: string, options: RepairSettings = {}): Promise<RepairResult> {
  if (options.output !== undefined && options.inPlace) throw new UsageError('an output, or in place: not both');
  if (options.output === '-')
    throw new UsageError('a repair goes to a file, beside which its quarantine lies: name one');
  const how = replacesInput(path, options) ? { ...options, output: undefined, inPlace: true } : options;
  const place = how.inPlace ? resolveLink(path) : path;
  const sources = new Sources();
  const safeguards = prepare(place, how);
  const ahead = new BackgroundCopy(place, how, safeguards?.lock);
  try {
    const planned = await planDataset(place, how, sources, ahead.draft);
    return await carryOut(place, planned, how, sources, ahead, safeguards);
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    throw undecodable(path, error);
  } finally {
    await ahead.close();
    sources.close();
    if (safeguards !== undefined) Quarantine.clearLeft(nodePath.resolve(how.output ?? place), safeguards.lock);
    safeguards?.lock.release();
  }
}

function undecodable(path: string, { code, message }: DecompressionError): UnreadableError {
  if (code !== 'rdb.envelope.limit') {
    return new UnreadableError(path, 'EGZIP', `cannot read ${path}: its compressed data is damaged (${message})`);
  }
  return new UnreadableError(path, 'ELIMIT', `cannot read ${path}: ${message}. ${ruleOf(code).advice}`);
}

/** An output that is the input is a repair in place, with its backup. */
function replacesInput(path: string, { output, force }: RepairSettings): boolean {
  return output !== undefined && force === true && path !== '-' && nodeFs.existsSync(output) && isInput(output, [path]);
}

/** Before anything is read: keeps others away from what will be written, and takes down what will be replaced. */
function prepare(path: string, options: RepairSettings): Safeguards | undefined {
  const { output, inPlace, dryRun, fileSystem, force, proc } = options;
  if (dryRun === true || (output === undefined && inPlace !== true)) return undefined;
  if (output !== undefined) return { lock: OutputLock.acquire(output, fileSystem), guard: undefined };
  if (path === '-') throw new UsageError('standard input cannot be repaired in place: name an output');
  refuseBackup(path);
  const layout = detectLayout(path);
  const [first = path, ...others] = inputFiles(layout);
  const siblings = layout.kind === 'file' ? siblingParts(layout.path) : [];
  const isOrphaned = layout.kind === 'orphaned-parts';
  const target = isOrphaned ? missingManifest(layout.directory, listFolder(layout.directory)) : first;
  const lock = OutputLock.acquire(target, fileSystem);
  try {
    return { lock, guard: new InputGuard([first, ...others, ...siblings], { force, proc }) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function carryOut(
  path: string,
  planned: DatasetPlan,
  options: RepairSettings,
  sources: Sources,
  ahead: BackgroundCopy,
  safeguards: Safeguards | undefined,
): Promise<RepairResult> {
  const { plan } = planned;
  const hopeless = reasonAgainst(planned);
  const nothing = { path, plan, written: [], backups: [], notes: [], findings: [] };
  const end = (outcome: RepairOutcome, ok: boolean, reason?: string): RepairResult => ({
    ...nothing,
    outcome,
    ok,
    reason,
  });
  const wanted = options.dryRun !== true && (options.output !== undefined || options.inPlace === true);
  if (hopeless?.final) return end('failed', false, hopeless.reason);
  if (plan.sound && (!wanted || options.output === undefined)) {
    return end('sound', hopeless === undefined, hopeless?.reason);
  }
  if (!wanted || safeguards === undefined) return end('planned', hopeless === undefined, hopeless?.reason);
  if (options.inPlace && overwritesUnsupported(planned)) return end('failed', false, hopeless?.reason);
  refuse(planned, options);
  if (!plan.sound && options.confirm !== undefined && !(await options.confirm(plan))) {
    return end('declined', false, 'nothing was written');
  }
  const execution = new Execution(path, planned, options, sources, ahead, safeguards);
  const done = await execution.run();
  const ok = done.ok && hopeless === undefined;
  const { written, backups, quarantine, notes, findings } = done;
  const outcome = done.ok || done.replaced ? 'repaired' : 'failed';
  return {
    path,
    plan,
    outcome,
    ok,
    reason: done.reason ?? hopeless?.reason,
    written,
    backups,
    quarantine,
    notes,
    findings,
  };
}

/** Why a repair cannot be whole; `final` where there is nothing to write at all. */
function reasonAgainst({ plan, files, manifest }: DatasetPlan): { reason: string; final: boolean } | undefined {
  if (manifest !== undefined && files.length === 0) return { reason: 'no part of the AOF is left', final: true };
  const foreign = files.find(({ scan }) => scan.unresolved.some(({ code }) => code.startsWith('input.')));
  if (foreign !== undefined) {
    const [{ found, advice }] = foreign.scan.unresolved;
    return { reason: `${foreign.scan.path} is no file of Redis or Valkey: ${found}. ${advice}`, final: true };
  }
  const unsupported = reasonOfUnsupported(files, manifest !== undefined);
  if (unsupported !== undefined) return unsupported;
  const undecoded = files.flatMap(({ plan }) => plan.unresolved).find(({ code }) => code.startsWith('rdb.envelope'));
  if (undecoded !== undefined) return { reason: `${undecoded.found}: ${undecoded.advice}`, final: true };
  const unknown = files.find(
    ({ scan, plan }) =>
      // In a log such a code is of the payload of a RESTORE.
      scan.format === 'rdb' && plan.unresolved.some(({ code }) => code.startsWith('rdb.') && !isUnsupported(code)),
  );
  if (unknown !== undefined) {
    return { reason: `${unknown.scan.path}: nothing tells which version of the format it has`, final: true };
  }
  const { keysKept, commandsKept, bytesLost } = plan.strategies[plan.strategy];
  const isStub = files.some(({ scan }) => scan.format === 'rdb' && scan.size > 0 && scan.size < 9);
  const keepsLibrary = files.some(({ scan }) => scan.libraries > 0);
  if ((bytesLost > 0 || isStub) && keysKept + commandsKept === 0 && !keepsLibrary)
    return { reason: 'no key and no command could be kept: nothing is written in the place of something', final: true };
  if (files.some(({ scan }) => scan.format === 'rdb' && scan.size === 0))
    return { reason: 'nothing could be kept', final: false };
  const open = files.flatMap(({ plan }) => plan.unresolved);
  if (open.length > 0) return { reason: `${open[0].found}: ${open[0].advice}`, final: false };
  if (manifest?.baseLost) return { reason: 'the base is gone: what was in it is lost', final: false };
  return reasonOfMissing(plan.strategies[plan.strategy]);
}

/** What the files declare and the result does not have. */
function reasonOfMissing({ missing = [], undeclared = 0 }: Tally): { reason: string; final: boolean } | undefined {
  if (missing.length > 0) {
    const more = missing.length > 1 ? `, and ${missing.length - 1} more of what is declared` : '';
    return { reason: `not all that was declared is there: ${missingText(missing[0])}${more}`, final: false };
  }
  if (undeclared === 0) return undefined;
  return { reason: 'bytes of a database were left out that does not declare how many keys it has', final: false };
}

/** Whether a file that would be replaced holds anything that this build does not know: a copy may be repaired, that file not. */
function overwritesUnsupported({ files }: DatasetPlan): boolean {
  return files.some(
    ({ scan, plan }) => plan.action !== 'keep' && scan.unresolved.some(({ code }) => isUnsupported(code)),
  );
}

/**
 * Why what this build does not know stands in the way of a repair. An RDB with such a thing is left as it is, byte for byte, while other
 * parts of its AOF can be repaired. Commands that are not known stay where they are, but what is written without them would be a loss.
 */
function reasonOfUnsupported(
  files: DatasetPlan['files'],
  hasParts: boolean,
): { reason: string; final: boolean } | undefined {
  for (const { scan, plan } of files) {
    const open = scan.unresolved.find(({ code }) => isUnsupported(code));
    if (open === undefined) continue;
    const isLost =
      plan.action === 'quarantine' ||
      plan.regions.some(
        ({ offset, length }) => offset <= (open.last ?? open.offset) && offset + length > (open.last ?? open.offset),
      );
    const final = isLost || (!hasParts && open.code.startsWith('rdb.'));
    return { reason: `${scan.path}: ${open.found} at offset ${open.offset}: ${open.advice}`, final };
  }
  return undefined;
}

function refuse({ files, manifest }: DatasetPlan, options: RepairSettings): void {
  const { output, inPlace, force } = options;
  if (output !== undefined && lookAt(output, nodeFs) !== undefined && (force !== true || manifest !== undefined)) {
    const way = manifest === undefined ? 'say --force to replace it' : 'name a new folder';
    throw new UsageError(`${output} exists already: ${way}`);
  }
  if (!inPlace) return;
  const zipped = files.find(({ scan }) => isGzip(scan.path));
  if (zipped !== undefined) {
    throw new UsageError(`${zipped.scan.path} is compressed: name an output for its repaired, uncompressed content`);
  }
}
