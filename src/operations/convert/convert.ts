import nodePath from 'node:path';
import { reasonOfErrors } from '../../aof/foreign-finding.ts';
import { detectLayout } from '../../aof/layout.ts';
import { FindingList, plainNotes } from '../../aof/report.ts';
import { libraryRefusal } from '../../checks/load/library-refusal.ts';
import type { RefusedCount } from '../../checks/load/refusal-text.ts';
import { countRefused, refusalText } from '../../checks/load/refusal-text.ts';
import { type RefusedValue, refusedMax, refusedValues } from '../../checks/load/refused-values.ts';
import { refusedOf } from '../../checks/load/start-load-check.ts';
import type { Copied } from '../../dataset/copied-tail.ts';
import { type ChosenRules, chooseRules } from '../../dataset/flavor-choice.ts';
import type { LogSelection } from '../../dataset/point/point-in-time.ts';
import { Sources } from '../../dataset/sources.ts';
import { TargetSearch } from '../../dataset/target-search.ts';
import { UsageError } from '../../errors.ts';
import { FormatError } from '../../faults.ts';
import type { Finding } from '../../findings.ts';
import { BackgroundWriter } from '../../io/background-writer.ts';
import { OutputLock } from '../../io/output-lock.ts';
import { likeFile, likeInputs, type Protection } from '../../io/protection.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import { commitTogether, undoInterrupted } from '../../output/commit-set.ts';
import {
  type Destination,
  fileDestination,
  folderDestination,
  nowhere,
  refuseExisting,
  streamDestination,
  type Writer,
} from '../../output/destination.ts';
import { InputGuard, inputFiles, isInput, unseenNote } from '../../output/input-guard.ts';
import { copyBytes } from '../../output/log-copy.ts';
import type { Verified } from '../../output/rewrite-verification.ts';
import { NotedValues } from '../../rdb/noted-values.ts';
import { flavorRules } from '../../servers/flavor.ts';
import { findTarget, type Target } from '../../servers/targets.ts';
import type { SeenKeys } from './conflicts.ts';
import { CountedLosses } from './counted-losses.ts';
import { asideBytesMin, type InspectedInput, type InspectOptions, lookIntoValues, survey } from './inspect.ts';
import { changesKeys, KeyRouter } from './key-router.ts';
import type { KeySink } from './key-sink.ts';
import type { LogNeeds, Needs } from './log-needs.ts';
import type { ConvertResult, ConvertSettings, Road } from './options.ts';
import {
  chooseTarget,
  folderPlan,
  inspectedTarget,
  knownWriter,
  logSegments,
  type MainForm,
  mainForm,
  mustReplay,
  neededBy,
  newest,
  raisedFor,
} from './plan.ts';
import { copyRdb } from './rdb-copy.ts';
import { type Assumptions, PlanInvalidated, RdbSource } from './rdb-source.ts';
import { readHeads } from './read-heads.ts';
import type { LoadedInput } from './replay.ts';
import { commandCopying, copyLogs, goesOn, headerOf, openSink, rdbSegment, spanCopying } from './writing.ts';

const damaged = 'the input is damaged: check says where';
/** Findings that are kept. */
const findingsMax = 1000;

/**
 * Writes what lies at `paths` in another layout, form or version. What needs no replay is copied or streamed in constant memory.
 * Nothing is replaced until the result is whole. Throws UnreadableError, UnwritableError, UsageError.
 */
export async function convert(paths: string | readonly string[], options: ConvertSettings): Promise<ConvertResult> {
  const run = new Conversion(typeof paths === 'string' ? [paths] : paths, options);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

/** What an examination says where all that is refused is put right if each key is looked at. */
const mustSort = 'intsets must be sorted';

class Conversion {
  private readonly paths: readonly string[];
  private readonly options: ConvertSettings;
  private readonly sources = new Sources();
  private findings = new FindingList(findingsMax);
  private readonly pause: () => Promise<void>;
  private inputs: InspectedInput[] = [];
  /** What is taken for granted of an input that was not surveyed. */
  private expectation: Assumptions | undefined;
  private readonly loaded = new Map<InspectedInput, LoadedInput>();
  /** Bytes at the end of the output that were copied from behind a command of unknown effect. */
  private tailLength = 0;
  /** What the commands that may be copied need. */
  private needs: LogNeeds | undefined;
  private refusedValues: readonly RefusedCount[] = [];
  private replay = false;
  private form: MainForm = 'rdb';
  private road: Road = 'copied';
  /** Each key is looked at, since the target refuses unsorted intsets and there are some: they are encoded anew. */
  private sorts = false;
  private target: Target | undefined;
  private ledger = new CountedLosses();
  private router: KeyRouter | undefined;
  private seen: SeenKeys | undefined;
  private sinks: KeySink[] = [];
  private behind: BackgroundWriter | undefined;
  private selection: LogSelection | undefined;
  /** Whose rules the first log was replayed by. */
  private rules: ChosenRules | undefined;
  /** What a second reading of the output found. */
  private verified: Verified | undefined;
  private lock: OutputLock | undefined;
  /** Where an output takes the place of an input. */
  private guard: InputGuard | undefined;
  private notes: readonly string[] = [];
  private left: readonly string[] = [];

  constructor(paths: readonly string[], options: ConvertSettings) {
    this.paths = paths;
    this.options = options;
    this.pause = options.pause ?? yieldToEventLoop;
    checkOptions(paths, options);
  }

  async close(): Promise<void> {
    for (const { loaded } of this.loaded.values()) loaded.close();
    await this.behind?.close();
    // Other threads may still read.
    await Promise.allSettled(this.inputs.flatMap(({ parts }) => parts.map(({ checksum }) => checksum)));
    this.sources.close();
    this.lock?.release();
  }

  async run(): Promise<ConvertResult> {
    this.refuseOutputs();
    return (await this.runAtOnce()) ?? this.runInspected();
  }

  private inspectOptions(): InspectOptions {
    const { options, sources, findings, pause, needs } = this;
    return { sources, findings, seed: options.seed ?? 0, onProgress: options.onProgress, pause, needs };
  }

  /** Converts an RDB in a single reading; undefined where it turns out that it must be surveyed first. */
  private async runAtOnce(): Promise<ConvertResult | undefined> {
    const { options, paths } = this;
    if (paths.length > 1 || typeof options.output !== 'string' || options.point !== undefined) return undefined;
    const how = this.inspectOptions();
    // Commands take this thread so long that another one computes the sum meanwhile; what is copied is gone through as fast as that.
    const summed = options.to !== 'aof' && (options.to !== 'multipart' || options.base !== 'aof');
    const input = readHeads(paths[0], how, summed);
    if (input === undefined) return undefined;
    this.inputs = [input];
    this.form = mainForm(this.inputs, options, false);
    this.target = chooseTarget(this.inputs, options, this.form);
    this.road = this.chooseRoad(this.target);
    this.expectation = { bytes: input.parts[0].bytes, summed, seed: how.seed, noted: new NotedValues() };
    try {
      return await this.write(this.target);
    } catch (error) {
      if (!(error instanceof PlanInvalidated) && !isOfData(error)) throw error;
    }
    await input.parts[0].checksum;
    this.forget();
    return undefined;
  }

  /** Back to the start. */
  private forget(): void {
    this.expectation = this.target = this.router = this.seen = undefined;
    this.inputs = [];
    this.sinks = [];
    this.road = 'copied';
    this.ledger = new CountedLosses();
    this.findings = new FindingList(findingsMax);
  }

  private async runInspected(): Promise<ConvertResult> {
    const { options } = this;
    if (options.to !== 'rdb' && options.compact !== true && this.paths.length === 1) {
      const { LogNeeds } = await import('./log-needs.ts');
      this.needs = new LogNeeds();
    }
    const how = this.inspectOptions();
    for (const path of this.paths) this.inputs.push(await survey(path, how));
    this.replay = mustReplay(this.inputs, options);
    if (!this.replay && this.isDamaged()) return this.result('refused', reasonOfErrors(this.findings));
    this.form = mainForm(this.inputs, options, this.replay);
    this.target = chooseTarget(this.inputs, options, this.form);
    if (!this.replay && this.needs !== undefined && options.target === undefined)
      this.target = raisedFor(this.needs, this.target, this.inputs);
    if (!this.keepsLog(this.target)) {
      this.replay = true;
      this.form = mainForm(this.inputs, options, true);
    }
    this.road = this.chooseRoad(this.target);
    if (this.replay) {
      const refusal = await this.load();
      if (refusal !== undefined) return this.result('refused', refusal);
      await this.raiseTarget(this.target);
    }
    try {
      return await this.write(this.target);
    } catch (error) {
      if (isOfData(error) && (await this.findsDamage())) return this.result('refused', damaged);
      throw error;
    }
  }

  /** A default target must have the commands that were replayed, too. */
  private async raiseTarget(chosen: Target): Promise<void> {
    if (this.options.target !== undefined) return;
    const { usedTarget } = await import('./replay.ts');
    const used = [...this.loaded.values()].map(({ loaded }) => usedTarget(loaded));
    this.target = newest([chosen, ...used]);
  }

  /** Whether values are damaged: nobody looked into those for which a checksum vouched. */
  private async findsDamage(): Promise<boolean> {
    if (await this.hasWrongChecksum()) return true;
    const parts = this.inputs.flatMap((input) => input.parts).filter(({ rdbBytes }) => rdbBytes > 0);
    for (const { source, path } of parts) await lookIntoValues(source, path, this.inspectOptions());
    return this.findings.errors > 0;
  }

  /** Nobody wants to hear after an hour that the output is there already. */
  private refuseOutputs(): void {
    const { to, force, dryRun, fileSystem, proc } = this.options;
    if (dryRun === true) return;
    const paths = this.outputPaths();
    if (paths.length === 0) return;
    this.lock = OutputLock.acquire(paths[0], fileSystem);
    if (paths.length > 1) undoInterrupted(paths, this.lock);
    for (const path of paths) refuseExisting(path, force === true, to === 'multipart');
    if (force !== true || !paths.some((path) => isInput(path, this.paths))) return;
    const inputs = this.paths.filter((path) => path !== '-').flatMap((path) => inputFiles(detectLayout(path)));
    // --force replaces the output: it does not say that no server runs.
    this.guard = new InputGuard(inputs, { proc, way: 'name another output' });
  }

  private plainNotes(): readonly string[] {
    return this.inputs.flatMap(({ parts }) => parts.flatMap(({ report }) => plainNotes(report.path, report.envelope)));
  }

  /** Whether anything is wrong that a copy would carry on; commands are copied whether somebody knows them or not. */
  private isDamaged(): boolean {
    const { findings } = this;
    if (findings.dropped > 0 && findings.errors > 0) return true;
    return findings.findings.some(({ severity, code }) => severity === 'error' && !carriedOn.has(code));
  }

  /** Whether commands that are copied are ones that a target which somebody named takes. */
  private keepsLog(target: Target): boolean {
    if (this.replay) return true;
    // No target knows the commands of KeyDB.
    if (this.findings.findings.some(({ code }) => code === 'aof.command.keydb')) return false;
    if (this.options.target === undefined) return true;
    const segments = this.inputs.flatMap(logSegments).filter(({ from, to }) => to > from);
    if (segments.length === 0) return true;
    return this.needs === undefined || (this.needs.fits(target) && !this.needs.hasPayloads);
  }

  private chooseRoad(target: Target): Road {
    const { options, form, inputs } = this;
    if (this.replay) return 'replayed';
    if (form === 'log') return 'copied';
    if (form === 'resp' || inputs.length > 1 || changesKeys(options) || options.checksum === false) return 'streamed';
    const [input] = inputs;
    // The checksum within an envelope is none: what is written plain gets one.
    if (input.parts.some(({ report }) => report.envelope !== undefined)) return 'streamed';
    const isOwn = options.target === undefined || target === inspectedTarget(input);
    return isOwn && input.parts[0]?.rdbBytes > 0 ? 'copied' : 'streamed';
  }

  /** Replays the logs; why not, or undefined. */
  private async load(): Promise<string | undefined> {
    const { settledPoint, loadInput, pointRefusal, selectionOf } = await import('./replay.ts');
    const { opaque, point } = this.options;
    const findings = new FindingList(findingsMax);
    for (const input of this.inputs) {
      if (point === undefined && !input.hasCommands && input.parts.length < 2) continue;
      const settled = point && (await settledPoint(input.path, point, this.options));
      if (typeof settled === 'string') return settled;
      const replayed = await loadInput(input.path, findings, this.options, settled);
      const { loaded, rules, gate, unknown } = replayed;
      this.loaded.set(input, replayed);
      this.rules ??= rules;
      if (replayed.tail !== undefined) this.refuseTail();
      const [first] = unknown;
      if (first !== undefined && (opaque ?? 'fail') === 'fail') {
        return `the effect of ${unknown.length} commands is not known, the first of them ${first.name} at offset ${first.offset} of ${first.path}`;
      }
      if (gate !== undefined) this.selection = selectionOf(gate);
      const refusal = findings.errors > 0 ? undefined : gate && pointRefusal(gate, loaded, this.options.force === true);
      if (refusal !== undefined) return refusal;
    }
    this.takeNew(findings);
    return findings.errors > 0 ? reasonOfErrors(findings) : undefined;
  }

  /** What is copied cannot be changed, or come together with other inputs. */
  private refuseTail(): void {
    const { filter, modules, ...others } = this.options;
    if (this.inputs.length === 1 && !changesKeys(others)) return;
    throw new UsageError('what follows a command of unknown effect is copied: it cannot be merged, split or changed');
  }

  /** Findings of the replay that the first reading did not have. */
  private takeNew({ findings }: FindingList): void {
    const nameOf = ({ code, offset, file }: Finding) => `${code} ${offset} ${file}`;
    const known = new Set(this.findings.findings.map(nameOf));
    for (const finding of findings) if (!known.has(nameOf(finding))) this.findings.take(finding);
  }

  /** Writes for the target; for a default one, the next newer one is tried where it cannot hold everything. */
  private async write(first: Target): Promise<ConvertResult> {
    const { options } = this;
    if (typeof options.output !== 'string' && (await this.hasWrongChecksum())) return this.result('refused', damaged);
    const search = new TargetSearch(options.target !== undefined, knownWriter(this.inputs, first));
    for (let target = first; ; ) {
      this.target = target;
      if (options.dryRun === true) {
        await this.fill([nowhere()], target);
        const other = search.next(target, this.ledger.serious);
        if (other === undefined) return await this.plan(target);
        target = other;
        continue;
      }
      // A stream cannot take back what it got, so that losses are found out beforehand.
      if (typeof options.output !== 'string' && this.road !== 'copied') await this.fill([nowhere()], target);
      const refusal = typeof options.output === 'string' || this.road === 'copied' ? '' : this.refusal(target);
      if (refusal !== '') return this.result('refused', refusal);
      const isFile = typeof options.output === 'string';
      const unloadable = isFile ? '' : await this.examine(target);
      if (unloadable === mustSort) continue;
      if (unloadable !== '') return this.result('refused', unloadable);
      const destinations = this.openDestinations(target);
      // What nobody has looked into yet is looked into beside the writing.
      const exam = isFile && this.expectation === undefined ? this.examine(target) : undefined;
      try {
        await this.fill(destinations, target);
        for (const destination of destinations) destination.finish();
        const found = isFile ? await (exam ?? this.examine(target)) : '';
        if (found !== '') {
          for (const destination of destinations) destination.abandon();
          if (found === mustSort) continue;
          return this.result('refused', found);
        }
        const other = search.next(target, this.ledger.serious);
        if (other === undefined) return await this.settle(destinations, target);
        target = other;
      } catch (error) {
        for (const destination of destinations) destination.abandon();
        // Whatever it finds, or fails at, the error that came first is the one to tell.
        await exam?.catch(() => {});
        throw error;
      }
      for (const destination of destinations) destination.abandon();
    }
  }

  /** The checksums of the inputs' RDBs are computed while the output is written. */
  private async hasWrongChecksum(): Promise<boolean> {
    const parts = this.inputs.flatMap((input) => input.parts);
    await Promise.all(parts.map(({ checksum }) => checksum));
    return parts.some(({ report }) => report.rdb?.checksum.state === 'mismatch');
  }

  private outputPaths(): string[] {
    const { output, splitBySlot } = this.options;
    if (typeof output !== 'string') return [];
    if (splitBySlot === undefined) return [output];
    return Array.from({ length: splitBySlot }, (_, shard) => shardPath(output, shard));
  }

  private openDestinations(target: Target): Destination[] {
    const { to, output, gzip } = this.options;
    if (typeof output !== 'string') return [streamDestination(output, gzip === true)];
    const lock = (this.lock ??= OutputLock.acquire(this.outputPaths()[0], this.options.fileSystem));
    const writer = this.startWriter();
    const protection = this.protection();
    return this.outputPaths().map((path) => {
      if (to !== 'multipart') {
        const like = isInput(path, this.paths) ? likeFile(path) : protection;
        return fileDestination(path, gzip ?? path.endsWith('.gz'), { lock, protection: like }, writer);
      }
      const plan = folderPlan(this.inputs[0], this.form, target, this.replay);
      return folderDestination(path, plan.parts, plan.prefix, { lock, protection }, writer);
    });
  }

  /** What is written may be read by those who may read all that it was made from. */
  private protection(): Protection {
    const paths = this.inputs.flatMap(({ parts }) => parts.map(({ path }) => path));
    const [only, ...others] = this.inputs.filter(({ layout }) => layout === 'multi-part');
    const part = others.length === 0 ? only?.parts[0]?.path : undefined;
    return likeInputs(paths.length === 0 ? this.paths : paths, part && nodePath.dirname(part));
  }

  private startWriter(): Writer | undefined {
    const bytes = sum(this.inputs.flatMap(({ parts }) => parts).map((part) => part.bytes));
    if (bytes < asideBytesMin || !BackgroundWriter.isUseful()) return undefined;
    this.behind ??= new BackgroundWriter();
    const summed = this.form === 'rdb' && this.road !== 'copied' && this.options.checksum !== false;
    return { behind: this.behind, summed };
  }

  private async fill(destinations: readonly Destination[], target: Target): Promise<void> {
    const { form, pause, sources, inputs } = this;
    this.ledger = new CountedLosses();
    this.sinks = [];
    this.expectation &&= { ...this.expectation, noted: new NotedValues() };
    const [destination] = destinations;
    if (this.road === 'copied' && this.expectation !== undefined)
      await copyRdb(inputs[0].parts[0], sources, this.expectation, destination.main, pause);
    else if (this.road === 'copied' && form === 'rdb')
      await copyBytes(sources, rdbSegment(inputs[0]), destination.main, pause);
    else if (form !== 'log') await this.fillKeys(destinations, target);
    if (!this.replay && inputs.length === 1) await copyLogs(inputs[0], sources, destination, form, pause);
  }

  private async fillKeys(destinations: readonly Destination[], target: Target): Promise<void> {
    const { form, ledger, inputs, options } = this;
    const header = headerOf(inputs, target, options);
    const signed = inputs.some((input) => flavorRules(this.rulesOf(input).flavor).keepsNegativeZero);
    const sinks = await Promise.all(
      destinations.map((destination) => openSink(destination, form, target, header, ledger, options, signed)),
    );
    const seen = await this.openSeen();
    const moments = options.ttl && (await import('./ttl.ts')).momentChange(options.ttl);
    const spans = form === 'rdb' && !this.sorts ? spanCopying(inputs, target) : 'none';
    const copying = commandCopying(form, target, options);
    const follows = form === 'rdb' && goesOn(inputs, target, options);
    const parts = { sinks, ledger, seen, spans, commandCopying: copying, moments, goesOn: follows, target };
    const router = new KeyRouter(options, parts);
    Object.assign(this, { sinks, seen, router });
    const order = options.onConflict === 'last' ? [...inputs].reverse() : inputs;
    const tails = this.loaded.size === 0 ? undefined : await import('./replay.ts');
    const trailing = sinks.map((sink) => tails?.gatherTrailing(sink) ?? []);
    for (const input of order) await this.readKeys(input, router);
    for (const [index, sink] of sinks.entries()) {
      sink.finish();
      if (tails === undefined) continue;
      this.tailLength = await tails.writeTails(
        [...this.loaded.values()],
        trailing[index],
        destinations[index],
        options,
      );
    }
  }

  /** Whose rules apply to what the RDB of an input holds. */
  private rulesOf({ parts, path }: InspectedInput): ChosenRules {
    const { target } = this.options;
    const layout = path === '-' ? undefined : detectLayout(parts[0]?.path ?? path);
    if (layout === undefined) return { flavor: 'redis-8', because: 'default' };
    return chooseRules(layout, target === undefined ? undefined : findTarget(target));
  }

  /** The memory of names, where two keys may meet. */
  private async openSeen(): Promise<SeenKeys | undefined> {
    const { databases, renamePrefixes, onConflict } = this.options;
    if (this.inputs.length < 2 && (databases?.size ?? 0) === 0 && (renamePrefixes?.length ?? 0) === 0) return undefined;
    const { SeenKeys } = await import('./conflicts.ts');
    return new SeenKeys(onConflict ?? 'fail');
  }

  private async readKeys(input: InspectedInput, router: KeyRouter): Promise<void> {
    const { sources, pause, expectation } = this;
    const loaded = this.loaded.get(input)?.loaded;
    if (loaded !== undefined) {
      const { readDataset } = await import('./replay.ts');
      await readDataset(loaded, router, pause);
      return;
    }
    const [part] = input.parts;
    if (part === undefined || part.rdbBytes === 0) return;
    const { source, path: file, bytes: size } = part;
    const { onProgress } = this.options;
    const report = expectation && onProgress && ((offset: number) => onProgress({ file, offset, size }));
    const { keepsNegativeZero } = flavorRules(this.rulesOf(input).flavor);
    const losesNegativeZero = keepsNegativeZero && this.target?.usesListpacks === true;
    const rules = { keepsNegativeZero, losesNegativeZero };
    await new RdbSource(router, { sources, source, expectation, ...rules, onProgress: report, pause }).run();
  }

  /** Why what was written may not be kept; '' if it may. */
  private refusal(target: Target): string {
    const { options, seen, router } = this;
    if (router !== undefined && router.refusal !== '') return router.refusal;
    if (seen !== undefined && seen.count > 0 && seen.policy === 'fail') {
      return `${seen.count} keys would meet others of the same name: see --on-conflict`;
    }
    if (this.ledger.serious > 0 && options.allowLoss !== true) {
      return `${target.name} cannot hold all of it: see the losses, and --allow-loss`;
    }
    return '';
  }

  /** Why the target would not load what is written, by the values of the inputs; '' where nothing speaks against it. */
  private async examine(target: Target): Promise<string> {
    const refused = await this.refusedBy(target);
    if (!this.sorts && refused.length > 0 && refused.every(({ refusal }) => refusal.code === 'intset.order')) {
      this.sorts = true;
      return mustSort;
    }
    for (const { path, refusal, key } of refused.slice(0, refusedMax)) {
      const { code, offset, expected, found } = refusal;
      this.findings.add(code, path, offset, { expected, found, key });
    }
    if (refused.length > 0) return refusalText(refused[0], target);
    for (const { loaded } of this.loaded.values()) {
      const refusal = await libraryRefusal(loaded.dataset.libraries, target);
      if (refusal !== undefined) return refusal;
    }
    return '';
  }

  /** The values and libraries of the inputs that the target refuses to load. */
  private async refusedBy(target: Target): Promise<RefusedValue[]> {
    const { expectation, form, road } = this;
    const sorts = this.sorts || this.options.dryRun === true;
    const options = { libraries: form !== 'log' && target.hasFunctions, mends: road !== 'copied', sorts };
    if (expectation !== undefined) return refusedValues([expectation.noted], target, options);
    const parts = this.inputs.flatMap((input) => input.parts).filter(({ rdbBytes }) => rdbBytes > 0);
    return refusedOf(parts, target, options);
  }

  private async plan(target: Target): Promise<ConvertResult> {
    const found = await this.refusedBy(target);
    this.refusedValues = countRefused(found, target);
    const unloadable = found.length === 0 ? '' : refusalText(found[0], target);
    const refusal = (await this.hasWrongChecksum()) ? damaged : this.refusal(target) || unloadable;
    return this.result(refusal === '' ? 'planned' : 'refused', refusal);
  }

  private async settle(destinations: readonly Destination[], target: Target): Promise<ConvertResult> {
    const refusal = (await this.hasWrongChecksum()) ? damaged : this.refusal(target);
    if (refusal !== '') {
      for (const destination of destinations) destination.abandon();
      return this.result('refused', refusal);
    }
    if (this.options.verify === true) await this.verify(destinations, target);
    const problem = this.guard?.problem();
    if (problem !== undefined) {
      this.left = destinations.map((destination) => destination.leave());
      const reason = `${problem}: nothing was replaced, and the result is ${this.left.join(', ')}`;
      return this.result('refused', reason);
    }
    if (this.guard !== undefined && this.guard.unseen !== '') this.notes = [unseenNote(this.guard.unseen)];
    if (this.lock !== undefined) commitTogether(destinations, this.outputPaths(), this.lock);
    return this.result('written', '', destinations);
  }

  private async verify([destination]: readonly Destination[], target: Target): Promise<void> {
    const [path] = this.paths;
    const { ledger, options } = this;
    const output = destination.checkPath ?? '';
    const { verifyConversion } = await import('./verification.ts');
    const loaded = this.loaded.get(this.inputs[0])?.loaded;
    const { tailLength } = this;
    this.verified = await verifyConversion({ path, loaded, output, ledger, target, tailLength }, options);
  }

  private keysWritten(): number {
    const { verified, inputs, sinks } = this;
    if (verified !== undefined) return sum(verified.databases.map(({ keys }) => keys));
    if (this.road !== 'copied') return sum(sinks.map(({ keys }) => keys));
    return sum(inputs.flatMap(({ parts }) => parts).map(({ report }) => report.rdb?.keys ?? 0));
  }

  private commandsCopied(): number {
    if (this.replay || this.options.to === 'rdb') return 0;
    return sum(this.inputs.flatMap(({ parts }) => parts).map(({ report }) => report.commands ?? 0));
  }

  private needsOfCopied(): Needs | undefined {
    const { needs, inputs, road, replay, target, options } = this;
    if (needs === undefined || replay || target === undefined || this.commandsCopied() === 0) return undefined;
    return neededBy(needs, inputs, road === 'copied', options, target);
  }

  private result(
    outcome: ConvertResult['outcome'],
    reason: string,
    destinations: readonly Destination[] = [],
  ): ConvertResult {
    const { inputs, ledger, seen } = this;
    const parts = inputs.flatMap((input) => input.parts);
    const files = destinations.flatMap((destination) => destination.files());
    const replayed = [...this.loaded.values()];
    const sessions = replayed.map(({ loaded }) => loaded.session);
    return {
      paths: this.paths,
      outputs: this.outputPaths(),
      layout: inputs[0]?.layout ?? 'unknown',
      to: this.options.to,
      target: this.target?.name ?? '',
      road: this.road,
      outcome,
      reason,
      ok: outcome !== 'refused',
      before: { bytes: sum(parts.map(({ bytes }) => bytes)), files: parts.map(({ path }) => path) },
      after: { bytes: sum(files.map(({ bytes }) => bytes)), files: files.map(({ path }) => path) },
      keys: this.keysWritten(),
      commands: this.commandsCopied(),
      needs: this.needsOfCopied(),
      refusedValues: this.refusedValues,
      filtered: this.router?.filtered ?? 0,
      conflicts: { count: seen?.count ?? 0, first: seen?.first ?? [] },
      losses: ledger.losses,
      lossCounts: ledger.totals(),
      refused: {
        count: sum(sessions.map(({ errorCount }) => errorCount)),
        first: sessions.flatMap(({ errors }) => errors).slice(0, 20),
      },
      selection: this.selection,
      rules: this.rules,
      copied: copiedOf(replayed),
      digest: this.tailLength > 0 ? '' : (this.verified?.digest ?? ''),
      verified: this.verified !== undefined,
      keysNotCompared: this.verified?.keysNotCompared || undefined,
      notes: [...this.notes, ...this.plainNotes()],
      left: this.left,
      findings: this.findings.findings,
    };
  }
}

function copiedOf(replayed: readonly LoadedInput[]): Copied | undefined {
  const one = replayed.find(({ tail }) => tail !== undefined);
  return one?.seam && one.tail?.copied(one.seam.seam, one.seam.passed);
}

/** Whether an error says that bytes are damaged. */
const isOfData = (error: unknown): boolean => error instanceof FormatError;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** What is wrong with a log and yet is the server's to judge: a torn tail of its last part, and commands. */
const carriedOn: ReadonlySet<string> = new Set([
  'aof.truncated',
  'aof.transaction.unclosed',
  'aof.transaction.nested',
  'aof.transaction.exec-without-multi',
  'aof.command.unknown',
  'aof.command.unsupported',
  'aof.command.unsupported.arguments',
  'aof.command.arity',
]);

/** `dump.rdb` becomes `dump.0.rdb`. */
function shardPath(path: string, shard: number): string {
  const name = nodePath.basename(path);
  const match = /^(.+?)((\.(rdb|aof))?(\.gz)?)$/.exec(name);
  const [stem, extension] = match === null ? [name, ''] : [match[1], match[2]];
  return nodePath.join(nodePath.dirname(path), `${stem}.${shard}${extension}`);
}

function checkOptions(paths: readonly string[], options: ConvertSettings): void {
  const { output, to, gzip, splitBySlot, verify, onConflict } = options;
  if (paths.length === 0) throw new UsageError('say what is to be converted');
  const isStream = typeof output !== 'string';
  if (options.point !== undefined && (paths.length > 1 || paths[0] === '-'))
    throw new UsageError('a point in time is one of the log of one file or folder');
  if (isStream && to === 'multipart') throw new UsageError('a multi-part AOF is a folder: it cannot be a stream');
  if (isStream && splitBySlot !== undefined) throw new UsageError('several outputs cannot be one stream');
  if (options.onExisting !== undefined && to !== 'aof')
    throw new UsageError('a server that has keys already takes commands: on-existing is for aof');
  if (to === 'multipart' && gzip === true) throw new UsageError('a server reads no compressed parts');
  if (
    verify === true &&
    (isStream || paths.length > 1 || changesKeys(options) || gzip === true || options.point !== undefined)
  ) {
    throw new UsageError('only a file or folder with all keys of one input, unchanged, can be verified');
  }
  if (onConflict !== undefined && onConflict !== 'first' && onConflict !== 'last' && onConflict !== 'fail') {
    throw new UsageError(`not a policy: ${onConflict as string}`);
  }
}
