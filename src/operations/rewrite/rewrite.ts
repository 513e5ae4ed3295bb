import nodePath from 'node:path';
import { refuseBackup } from '../../aof/backup.ts';
import { reasonOfErrors } from '../../aof/foreign-finding.ts';
import { detectLayout, type Layout } from '../../aof/layout.ts';
import { plainNotes } from '../../aof/report.ts';
import { libraryRefusal } from '../../checks/load/library-refusal.ts';
import { refusalText } from '../../checks/load/refusal-text.ts';
import { refusedOf } from '../../checks/load/start-load-check.ts';
import { firstUnknown, refuseTail, SeamGate, TailPlan, tornAt } from '../../dataset/copied-tail.ts';
import { filterDataset, keyTest } from '../../dataset/filter.ts';
import { chooseRules, flavorOfReport, payloadsFor } from '../../dataset/flavor-choice.ts';
import { addStatistics, type DatabaseStatistics, takeStatistics } from '../../dataset/key-statistics.ts';
import type { Loaded, LoadOptions, OpaqueCommand } from '../../dataset/load.ts';
import { rdbsOf } from '../../dataset/load.ts';
import { PointGate } from '../../dataset/point/point-gate.ts';
import type { LogSelection } from '../../dataset/point/point-in-time.ts';
import { inspectLog, pointRefusal, resolvePoint, selectionOf } from '../../dataset/point/resolve.ts';
import { RulesSearch } from '../../dataset/rules-search.ts';
import { TargetSearch } from '../../dataset/target-search.ts';
import { loadPartly } from '../../dataset/untouched/load.ts';
import { type ForeignCommand, foreignCommands } from '../../dataset/version-hints.ts';
import { type DatabaseSum, digestOfSums } from '../../engine/digest.ts';
import { UnwritableError, UsageError } from '../../errors.ts';
import nodeFs from '../../io/file-system.ts';
import { resolveLink } from '../../io/open-folder.ts';
import { OutputLock } from '../../io/output-lock.ts';
import { likeFile, likeInputs, type Protection } from '../../io/protection.ts';
import { isGzip } from '../../io/source.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import { DatasetWriter, type RunVisitor } from '../../output/dataset-writer.ts';
import { InputGuard, inputFiles, isInput, siblingParts, unseenNote } from '../../output/input-guard.ts';
import { addLoss, addLosses, noLosses } from '../../output/loss-list.ts';
import type { OutputFormat } from '../../output/rewrite-output.ts';
import { FileOutput, FolderOutput, FolderRewrite, type Output } from '../../output/rewrite-output.ts';
import { rulesOfOutput, type Verified, verifyOutput } from '../../output/rewrite-verification.ts';
import { RunWriter, type WritingForm } from '../../output/run-writer.ts';
import { TailWriter } from '../../output/tail.ts';
import { knownWriter, usedTarget } from '../../output/target-choice.ts';
import { copyUntouched } from '../../output/untouched-copy.ts';
import type { Flavor } from '../../servers/flavor.ts';
import { findTarget, nextTarget, type Target } from '../../servers/targets.ts';
import { DigestSums } from './digest-sums.ts';
import { growthPercent, measureGrowth } from './growth.ts';
import type { RewriteOutcome, RewriteResult, RewriteSettings } from './options.ts';
import { PartitionFile } from './partition-file.ts';
import { callsOf, loadPartitioned, loadWhole, type PartitionedDataset, refusedCommands } from './partitioned-load.ts';
import { PartitionError } from './second-partition.ts';

const noSelection: LogSelection = { commands: 0, leftOut: 0 };

/**
 * Loads the dataset at `path` and writes the shortest files that rebuild it. Nothing is replaced until the result is whole,
 * flushed and, with `verify`, read again. Throws UnreadableError, UnwritableError, UsageError.
 */
export async function rewrite(path: string, options: RewriteSettings): Promise<RewriteResult> {
  const run = new Rewrite(path, options);
  try {
    return await run.run();
  } finally {
    run.end();
  }
}

class Rewrite {
  private readonly path: string;
  private readonly options: RewriteSettings;
  private dealt: PartitionedDataset | undefined;
  /** The rules of the digest; undefined where none is wanted. */
  private digestFlavor: Flavor | undefined;
  /** What all keys add to it. */
  private sums: readonly DatabaseSum[] = [];
  /** What those add that were kept. */
  private untouchedSums: readonly DatabaseSum[] | undefined;
  private losses = noLosses();
  /** The dataset must be in one piece. */
  private whole = false;
  /** Every key must be loaded. */
  private loadsAll = false;
  private filtered = 0;
  private target: Target | undefined;
  private format: OutputFormat = 'aof';
  private rules: RulesSearch | undefined;
  private gate: PointGate | undefined;
  private selection: LogSelection | undefined;
  /** Where the log holds commands of unknown effect that are kept: the rest that is copied, and its place. */
  private tail: TailPlan | undefined;
  private seam: SeamGate | undefined;
  /** How the output ends: bytes of what was copied, and the file that they are in. */
  private tailLength = 0;
  /** What the first replay has found of unknown effect. */
  private unknown: readonly OpaqueCommand[] = [];
  /** What a second reading of the output found. */
  private verified: Verified | undefined;
  private lock: OutputLock | undefined;
  /** Of the input, where the result takes its place. */
  private guard: InputGuard | undefined;
  /** What the input's files are called; taken down before they are read. */
  private inputs: readonly string[] = [];
  private notes: readonly string[] = [];
  /** The result, where it could not take its place. */
  private left: string | undefined;

  constructor(path: string, options: RewriteSettings) {
    this.path = path;
    this.options = options;
    if ((options.output === undefined) === (options.inPlace !== true)) {
      throw new UsageError('say where the result goes: an output, or in place');
    }
    if (options.output === '-') throw new UsageError('a rewrite goes to a file: convert writes to standard output');
    if (options.inPlace === true) refuseInPlace(path);
    if (options.point !== undefined && options.inPlace === true) {
      throw new UsageError('a point in time leaves its source as it is: name an output');
    }
    if (options.target !== undefined) {
      this.target = findTarget(options.target);
      if (this.target === undefined) throw new UsageError(`no server generation is called ${options.target}`);
    }
  }

  end(): void {
    this.close();
    this.lock?.release();
  }

  private close(): void {
    this.dealt?.untouchedDigest?.stop();
    this.dealt?.second?.stop();
    this.dealt?.loaded.close();
  }

  async run(): Promise<RewriteResult> {
    const { options } = this;
    const quiet = this.notGrown();
    if (quiet !== undefined) return this.result('not-needed', quiet);
    const layout = detectLayout(this.path);
    if (this.inputs.length === 0) this.begin(layout);
    const { at, onProgress, pause, seed, opaque, point } = options;
    this.target = options.target === undefined ? undefined : findTarget(options.target);
    this.rules ??= new RulesSearch(chooseRules(layout, this.target));
    const { rules } = this.rules;
    const { flavor } = rules;
    const payloads = payloadsFor(rules);
    const load: LoadOptions = { flavor, payloads, mends: true, at, onProgress, pause, seed, opaque, expired: 'keep' };
    if (point !== undefined) {
      const settled = resolvePoint(point, await inspectLog(this.path, point, load));
      if (typeof settled === 'string') return this.result('refused', settled);
      this.gate = new PointGate(settled);
    }
    if (options.digest !== false || options.verify === true) this.digestFlavor = flavorOfReport(flavor);
    this.seam = this.tail && SeamGate.before(this.tail.first, this.gate);
    this.dealt = await this.load({ ...load, gate: this.seam ?? this.gate });
    const { loaded, summary } = this.dealt;
    if (this.tail === undefined && this.takeOtherRules(this.dealt)) return this.run();
    if (this.tail === undefined && this.splitsLog(this.dealt)) return this.run();
    const refusal = this.refusal(this.dealt);
    if (refusal !== undefined) return this.result('refused', refusal);
    this.filtered = filterDataset(loaded.dataset, options.filter ?? {}) + (summary?.filtered ?? 0);
    this.format = this.chooseFormat(loaded);
    if (this.dealt.kept !== undefined && this.isInCommands(loaded)) return this.again();
    if (this.gate !== undefined) this.selection = selectionOf(this.gate);
    if ((await options.review?.(loaded, this.selection ?? noSelection)) === false) return this.result('reviewed', '');
    return this.write(this.dealt);
  }

  private async load(load: LoadOptions): Promise<PartitionedDataset> {
    const { point, review, filter = {}, pause = yieldToEventLoop } = this.options;
    // Who reviews a dataset, or stops its log at a command, sees all of it.
    const whole = this.whole || point !== undefined || review !== undefined || this.tail !== undefined;
    if (whole) return loadWhole(this.path, load);
    const kept = this.mayKeep() ? await loadPartly(this.path, load, this.digestFlavor, pause) : undefined;
    return kept ?? loadPartitioned(this.path, load, filter, pause);
  }

  /** Whether keys of an RDB may be copied without being looked at. */
  private mayKeep(): boolean {
    const { filter = {}, format, base, compress } = this.options;
    return !this.loadsAll && keyTest(filter) === undefined && format !== 'aof' && base !== 'aof' && compress !== false;
  }

  /** Once more, with every key loaded. */
  private again(): Promise<RewriteResult> {
    this.close();
    this.untouchedSums = undefined;
    this.loadsAll = true;
    return this.run();
  }

  /** Whether a part of the log is to be copied: then it is replayed once more, up to there. */
  private splitsLog({ loaded, findings }: PartitionedDataset): boolean {
    const { options, path, gate } = this;
    this.unknown = loaded.opaque;
    const first = firstUnknown(loaded.opaque);
    if (options.opaque !== 'keep' || first === undefined || findings.errors > 0) return false;
    refuseTail(path, options.point?.without !== undefined, this.chooseFormat(loaded) !== 'rdb');
    const cut = gate?.cut && { path: gate.cut.path, offset: gate.cut.transaction ?? gate.cut.offset };
    this.tail = new TailPlan(first, loaded.files, cut ?? tornAt(findings.findings));
    this.close();
    return true;
  }

  /** Where no RDB tells which server wrote the log, its commands may: then once more. */
  private takeOtherRules(dealt: PartitionedDataset): boolean {
    if (this.rules?.next(foreignOf(dealt), refusedCommands(dealt).count) !== true) return false;
    this.close();
    return true;
  }

  /** The server's rule for a rewrite by itself; why not, or undefined. */
  private notGrown(): string | undefined {
    const rule = this.options.onlyIfGrown;
    if (rule === undefined) return undefined;
    const growth = measureGrowth(this.path);
    const percent = growthPercent(growth);
    if (growth.bytes <= rule.bytesMin)
      return `it is ${growth.bytes} bytes long, and the rule asks for more than ${rule.bytesMin}`;
    if (percent < rule.percent) return `it has grown by ${percent} %, and the rule asks for ${rule.percent} %`;
    return undefined;
  }

  /** Takes down what the input is before it is read, and keeps others away from what will be replaced. */
  private begin(layout: Layout): void {
    const { inPlace, output, force, proc, review } = this.options;
    this.inputs = inputFiles(layout);
    const replaced = inPlace === true || isInput(output ?? '', this.inputs);
    const [target] = this.inputs;
    if (inPlace === true && target !== undefined) this.lockOutput(resolveLink(target));
    // Who reviews the dataset may say that nothing is to be written.
    else if (output !== undefined && review === undefined) this.lockOutput(output);
    if (!replaced) return;
    const siblings = layout.kind === 'file' ? siblingParts(layout.path) : [];
    this.guard = new InputGuard([...this.inputs, ...siblings], { force, proc });
  }

  private lockOutput(path: string): OutputLock {
    this.lock ??= OutputLock.acquire(path, this.options.fileSystem);
    return this.lock;
  }

  /** Why what was loaded must not be rewritten; undefined if it may. */
  private refusal({ loaded, findings }: PartitionedDataset): string | undefined {
    if (findings.errors > 0) return reasonOfErrors(findings);
    const [first] = this.unknown;
    if (first !== undefined && (this.options.opaque ?? 'fail') === 'fail') {
      return `the effect of ${this.unknown.length} commands is not known, the first of them ${first.name} at offset ${first.offset} of ${first.path}`;
    }
    return this.gate && pointRefusal(this.gate, loaded, this.options.force === true);
  }

  private chooseFormat(loaded: Loaded): OutputFormat {
    const natural: Record<string, OutputFormat> = { rdb: 'rdb', hybrid: 'hybrid', 'multi-part': 'multipart' };
    const own = natural[loaded.layout] ?? 'aof';
    const format = this.options.format ?? own;
    if (this.options.inPlace === true && format !== own) {
      throw new UsageError(`in place, a ${own} stays a ${own}: name an output to write a ${format}`);
    }
    return format;
  }

  /** Writes for the wanted target; for a default one, the next newer target is tried where it cannot hold everything. */
  private async write(dealt: PartitionedDataset): Promise<RewriteResult> {
    const chosen = this.target;
    const first = chosen ?? this.defaultTarget(dealt);
    const search = new TargetSearch(chosen !== undefined, knownWriter(dealt.loaded, first));
    for (let target: Target = first; ; ) {
      this.target = target;
      if (dealt.kept?.fits(target, dealt.loaded) === false) return this.again();
      const lock = this.lockOutput(this.outputPath(dealt.loaded));
      const shardFile = dealt.second && new PartitionFile(lock);
      const output = this.openOutput(dealt.loaded, target, lock);
      const exam = this.examine(dealt.loaded, target);
      try {
        await this.fill(dealt, output, target, shardFile?.descriptor ?? -1);
      } catch (error) {
        // It must not write any more once its file is closed: somebody else's may get the number.
        await dealt.second?.stop();
        output.abandon();
        // Whatever it finds, or fails at, the error that came first is the one to tell.
        await exam.catch(() => {});
        throw this.writingError(dealt, error);
      } finally {
        shardFile?.close();
      }
      const refused = await exam;
      if (refused !== undefined) {
        output.abandon();
        // What is copied unseen is not put right: once more, with every value decoded.
        if (dealt.kept !== undefined) return this.again();
        return this.result('refused', refused);
      }
      const other = search.next(target, this.losses.serious);
      if (other === undefined) return this.settle(dealt, output);
      output.abandon();
      target = other;
    }
  }

  /** The other thread writes beside the output: what fails there is the output's. */
  private writingError({ loaded }: PartitionedDataset, error: unknown): unknown {
    const isTheirs = error instanceof PartitionError && error.code !== undefined;
    return isTheirs ? new UnwritableError(this.outputPath(loaded), error) : error;
  }

  /** What the output is, or the file that it takes the place of. */
  private outputPath({ multiPart, files }: Loaded): string {
    return this.options.output ?? multiPart?.manifest ?? resolveLink(files[0].path);
  }

  /** What the input used, or the first newer generation that has the wanted layout. */
  private defaultTarget(dealt: PartitionedDataset): Target {
    const fits = ({ hasManifest, hasPreamble }: Target) =>
      (this.format !== 'multipart' || hasManifest) && (this.format !== 'hybrid' || hasPreamble);
    let target = usedTarget(dealt.loaded, callsOf(dealt));
    for (let next = nextTarget(target); next !== undefined && !fits(target); next = nextTarget(next)) target = next;
    return target;
  }

  /** As in place where the output is the input. */
  private protection({ files, multiPart }: Loaded): Protection {
    const { output } = this.options;
    if (this.guard !== undefined) return likeFile(output ?? resolveLink(files[0].path));
    return likeInputs(
      files.map(({ path }) => path),
      multiPart?.directory,
    );
  }

  private openOutput(loaded: Loaded, target: Target, lock: OutputLock): Output {
    const { options, format } = this;
    if (format === 'multipart') {
      if (!target.hasManifest) throw new UsageError(`${target.name} has no multi-part AOFs`);
      const extension = this.baseForm(loaded);
      if (options.output !== undefined) {
        if (!isEmptyFolder(options.output)) refuseExisting(options.output, false, 'name a new folder');
        else refuseExisting(options.output, options.force === true);
        return new FolderOutput(options.output, extension, target, lock, this.protection(loaded));
      }
      const manifest = loaded.multiPart?.manifest ?? '';
      return new FolderRewrite(manifest, extension, target, options.keepHistory === true, lock);
    }
    if (format === 'hybrid' && !target.hasPreamble)
      throw new UsageError(`${target.name} reads no AOF with an RDB preamble`);
    if (options.output !== undefined) refuseExisting(options.output, options.force === true);
    return new FileOutput(this.outputPath(loaded), lock, this.protection(loaded));
  }

  private isInCommands(loaded: Loaded): boolean {
    return this.format === 'aof' || (this.format === 'multipart' && this.baseForm(loaded) === 'aof');
  }

  private baseForm(loaded: Loaded): 'rdb' | 'aof' {
    if (this.options.base !== undefined) return this.options.base;
    const base = loaded.files.find((file) => file.role === 'base');
    return base?.format === 'aof' ? 'aof' : 'rdb';
  }

  /** Writes everything; `shardFile` is where the other thread, if there is one, puts its keys. */
  private async fill(dealt: PartitionedDataset, output: Output, target: Target, shardFile: number): Promise<void> {
    const { loaded, second } = dealt;
    const { options, format } = this;
    const losses = (this.losses = noLosses());
    const { compress, checksum, at: now } = options;
    const inCommands = this.isInCommands(loaded);
    const { keepsNegativeZero } = loaded.session.rules;
    const isBase = format !== 'rdb';
    const form: WritingForm = { target: target.name, inCommands, isBase, compress, checksum, keepsNegativeZero, now };
    const writer = new RunWriter(form, output.main, (loss) => addLoss(losses, loss));
    const digest = this.digestFlavor;
    second?.write({ kind: 'write', form, descriptor: shardFile, digest });
    const sums = new DigestSums(loaded, digest, now);
    const pause = options.pause ?? yieldToEventLoop;
    const visitor = { ...copyingRuns(dealt, writer, shardFile, pause), key: sums.key };
    const keys = new DatasetWriter(loaded, pause, visitor);
    writer.writeHeader();
    await writer.writeKeys(keys);
    writer.finish();
    const other = await second?.written();
    if (other !== undefined) addLosses(losses, other.losses);
    this.sums = [...sums.take(), ...(other?.sums ?? [])];
    this.untouchedSums ??= await dealt.untouchedDigest?.sums();
    const tail = new TailWriter(output.increment ?? output.main, loaded);
    if (!inCommands && format !== 'rdb') tail.writeTrailing([...keys.trailing, ...(other?.trailing ?? [])]);
    tail.finish();
    if (this.tail !== undefined && this.seam !== undefined) await tail.writeCopied(this.tail, this.seam, pause);
    this.tailLength = tail.copiedLength;
  }

  /** Everything is written: refuses it, verifies it, or puts it in place. */
  /** Why the target would not load what is written, by the values of the source; undefined where nothing speaks against it. */
  private async examine(loaded: Loaded, target: Target): Promise<string | undefined> {
    const [first] = await refusedOf(rdbsOf(loaded.files), target, {
      seed: this.options.seed,
      libraries: target.hasFunctions,
      mends: true,
      sorts: this.dealt?.kept === undefined,
    });
    return first ? refusalText(first, target) : libraryRefusal(loaded.dataset.libraries, target);
  }

  private async settle(dealt: PartitionedDataset, output: Output): Promise<RewriteResult> {
    const { options } = this;
    if (this.losses.serious > 0 && options.allowLoss !== true) {
      output.abandon();
      return this.result('refused', `${this.target?.name} cannot hold all of it: see the losses, and --allow-loss`);
    }
    const isWhole = dealt.second === undefined && dealt.kept === undefined;
    if (options.verify === true && !isWhole && this.losses.changed.length > 0) {
      // The keys that were changed must be left out of the digest, whoever holds them.
      output.abandon();
      this.whole = true;
      return this.again();
    }
    const digest = await this.finish(dealt.loaded, output);
    return this.putInPlace(output, digest);
  }

  /** A running server may have been started meanwhile: then nothing is replaced. */
  private putInPlace(output: Output, digest: string): RewriteResult {
    const { guard } = this;
    const problem = guard?.problem();
    if (problem !== undefined) {
      const left = output.leave();
      this.left = left;
      return this.result('refused', `${problem}: nothing was replaced, and the result is ${left}`);
    }
    const kept = output.commit(() => guard?.removalProblem(this.lock?.path ?? ''));
    const notes = guard === undefined || guard.unseen === '' ? [] : [unseenNote(guard.unseen)];
    this.notes = kept === undefined ? notes : [...notes, `the old parts stay, named as history: ${kept}`];
    return this.result('written', '', output, digest);
  }

  /** Flushes the output and verifies it, if that is wanted; the digest, if that is. */
  private async finish(loaded: Loaded, output: Output): Promise<string> {
    const { options } = this;
    try {
      output.finish();
      const sums = [...this.sums, ...(this.untouchedSums ?? [])];
      const digest = this.digestFlavor === undefined ? '' : digestOfSums(sums);
      // What the commands that were copied come to is not known.
      if (options.verify !== true) return this.tail === undefined ? digest : '';
      const { changed } = this.losses;
      const losesFunctions = this.losses.losesFunctions;
      const gate = this.tail && gateOfOutput(output, this.tailLength);
      const expected = { digest, changed, losesFunctions, gate, ...rulesOfOutput(loaded, this.target) };
      this.verified = await verifyOutput(output.checkPath, loaded, expected, options);
      return this.tail === undefined ? this.verified.digest : '';
    } catch (error) {
      output.abandon();
      throw error;
    }
  }

  private commandsRead(loaded: Loaded | undefined): number {
    if (this.tail !== undefined) return this.tail.commands;
    return (loaded?.files ?? []).reduce((sum, file) => sum + file.commands, 0);
  }

  private result(outcome: RewriteOutcome, reason: string, output?: Output, digest = ''): RewriteResult {
    const { dealt, options, path, losses } = this;
    const loaded = dealt?.loaded;
    const copied = this.seam && this.tail?.copied(this.seam.seam, this.seam.passed);
    const refused = dealt && refusedCommands(dealt);
    const files = output?.files() ?? [];
    return {
      path,
      output: options.output ?? path,
      layout: loaded?.layout ?? 'unknown',
      outcome,
      reason,
      ok: outcome !== 'refused',
      format: this.format,
      target: this.target?.name ?? '',
      rules: loaded && this.rules?.rules,
      foreign: dealt === undefined ? [] : foreignOf(dealt),
      selection: this.selection,
      before: {
        bytes: (loaded?.files ?? []).reduce((sum, file) => sum + file.bytes, 0),
        files: (loaded?.files ?? []).map((file) => file.path),
      },
      after: { bytes: files.reduce((sum, file) => sum + file.bytes, 0), files: files.map((file) => file.path) },
      commands: {
        read: this.commandsRead(loaded),
        refused: refused?.count ?? 0,
        firstRefused: refused?.first.slice(0, 20) ?? [],
        opaque: this.unknown.length,
        firstOpaque: this.unknown.slice(0, 20),
      },
      copied,
      databases: this.verified?.databases ?? statisticsOf(dealt),
      filtered: this.filtered,
      losses: losses.losses,
      lossCount: losses.count,
      digest,
      digestOf: this.verified !== undefined || losses.changed.length === 0 ? undefined : 'input',
      verified: this.verified !== undefined && outcome === 'written',
      keysNotCompared: this.verified?.keysNotCompared || undefined,
      notes: [...this.notes, ...(loaded?.files ?? []).flatMap(({ path, envelope }) => plainNotes(path, envelope))],
      left: this.left,
      findings: dealt?.findings.findings ?? [],
    };
  }
}

/** Ends a reading of the output where what was copied begins. */
function gateOfOutput(output: Output, tailLength: number): SeamGate {
  const { main, increment, checkPath } = output;
  const name = nodePath.basename(increment?.path ?? checkPath);
  return SeamGate.upTo(name, (increment ?? main).length - tailLength);
}

/** What was read. */
function statisticsOf(dealt: PartitionedDataset | undefined): DatabaseStatistics[] {
  if (dealt === undefined) return [];
  return addStatistics(takeStatistics(dealt.loaded.dataset), dealt.summary?.census ?? dealt.kept?.census() ?? []);
}

const foreignOf = (dealt: PartitionedDataset): ForeignCommand[] =>
  foreignCommands(dealt.loaded.session.registry, callsOf(dealt), dealt.loaded.session.flavor);

/** Puts the keys that are kept before our own, and those of the other thread behind them. */
function copyingRuns(
  { loaded, second, summary, kept }: PartitionedDataset,
  writer: RunWriter,
  file: number,
  pause: () => Promise<void>,
): RunVisitor {
  const keptSizes = kept?.census().map(({ database: index, keys, expires }) => ({ index, keys, expires }));
  const others = summary?.databases ?? keptSizes ?? [];
  const begin = async (database: number, run: number) => {
    if (kept !== undefined && run === 0) await copyUntouched(kept, database, loaded.sources, writer, pause);
  };
  const end = async (database: number, run: number) => {
    if (second !== undefined && others.some(({ index }) => index === database))
      await second.copyRun(database, run, file, writer);
  };
  return { others, begin, end };
}

function refuseExisting(path: string, allowed: boolean, way = 'say --force to replace it'): void {
  const isThere = nodeFs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!allowed && isThere) throw new UsageError(`${path} exists already: ${way}`);
}

function refuseInPlace(path: string): void {
  if (path === '-') throw new UsageError('standard input cannot be rewritten in place: name an output');
  refuseBackup(path);
  if (isGzip(path)) throw new UsageError(`${path} is compressed: name an output for its uncompressed content`);
}

function isEmptyFolder(path: string): boolean {
  return (
    nodeFs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && nodeFs.readdirSync(path).length === 0
  );
}
