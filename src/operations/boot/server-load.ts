import { FindingList, type Progress } from '../../aof/report.ts';
import { RdbLoad } from '../../dataset/load-rdb.ts';
import { Sources } from '../../dataset/sources.ts';
import { defaultRegistry } from '../../engine/commands/index.ts';
import { Dataset } from '../../engine/dataset.ts';
import { Session } from '../../engine/session.ts';
import { FormatError } from '../../faults.ts';
import { isUnsupported } from '../../findings.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import { RdbCodec } from '../../rdb/codec/codec.ts';
import { type PayloadRules, payloadRules } from '../../rdb/codec/payload.ts';
import { RdbInput } from '../../rdb/input.ts';
import { LoadCheck, type LoadCheckOptions } from '../../rdb/load-check.ts';
import { loadOutcome } from '../../rdb/load-rules.ts';
import { versionMax } from '../../rdb/opcodes.ts';
import { CommandView } from '../../resp/command-view.ts';
import { Record, RespScanner } from '../../resp/scanner.ts';
import { type CommandInfo, findCommand, isModuleName } from '../../servers/command-catalog.ts';
import { flavorRules } from '../../servers/flavor.ts';
import { isKeydbCommand } from '../../servers/keydb-commands.ts';
import { codeOfUnknownCommand } from '../../servers/unknown-command.ts';
import type { BootRules } from './generation.ts';
import { rdbFailure, rdbHeaderFailure } from './rdb-failure.ts';
import { Renamed } from './renamed.ts';
import { ServerRecord, ServerScanner } from './server-scanner.ts';
import type { BootSettings } from './settings.ts';

export interface ServerLoadOptions {
  readonly rules: BootRules;
  readonly settings: BootSettings;
  /** The moment of the start, milliseconds since 1970. */
  readonly at: number;
  readonly seed?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** How the loading of one file of an AOF ended. */
export interface PartOutcome {
  /** `torn`: the tail may be cut; `bad`: a bad format; `fatal`: anything else that ends the server, said in `log`. */
  readonly status: 'ok' | 'empty' | 'torn' | 'bad' | 'fatal';
  readonly bytes: number;
  readonly commands: number;
  readonly rdbKeys: number;
  /** Up to here a server counts the file as valid: where it cuts a tail. */
  readonly validUpTo: number;
  /** The end of the RDB at its front; 0 where there is none. */
  readonly rdbLength: number;
  /** A transaction is open at `validUpTo`. */
  readonly inTransaction: boolean;
}

const commandsBetweenPauses = 1 << 17;
/** RDB version from which on a payload's checksum may be zero (Redis 8.6). */
const noChecksumSince = 13;

/** What a server holds while it loads its files one after another, with the log lines that it prints about them. */
export class ServerLoad {
  readonly dataset: Dataset;
  readonly log: string[] = [];
  /** Something is done that no rule defines. */
  certain = true;
  /** It ends for a command with too few arguments, which it does not check. */
  crashes = false;
  /** The files hold what this build does not know. */
  hasUnsupported = false;
  readonly session: Session;
  /** Keys were loaded that a node of a cluster may not have. */
  outsideCluster = false;
  /** A payload was such that the server ends. */
  private ended = false;
  private checkLibrary: LoadCheckOptions['checkLibrary'];
  private readonly databases: number;
  private readonly renamed: Renamed;
  private readonly sources = new Sources();
  private readonly codec: RdbCodec;
  private readonly options: ServerLoadOptions;
  private readonly frame = new CommandView();
  /** Arity by command; undefined for one that this generation does not know. */
  private readonly known = new Map<CommandInfo, number | undefined>();

  constructor(options: ServerLoadOptions) {
    const { rules, settings, at, seed } = options;
    this.options = options;
    this.databases = databasesOf(settings, rules);
    this.renamed = new Renamed(settings.renames);
    this.dataset = new Dataset(this.databases, seed);
    const { keepsNegativeZero } = flavorRules(rules.flavor);
    this.codec = new RdbCodec({ payloads: { ...this.payloadRules(), exam: this.exam() }, keepsNegativeZero });
    this.session = new Session(this.dataset, defaultRegistry(), {
      flavor: rules.flavor,
      now: at,
      codec: this.codec,
      reader: this.sources,
      opaque: () => {
        this.certain = false;
        return undefined;
      },
    });
  }

  private payloadRules(): PayloadRules {
    const { flavor, target } = this.options.rules;
    const isRedis = target.fork === 'redis';
    return {
      ...payloadRules(flavor),
      versionMax: target.rdbVersion,
      takesNoChecksum: isRedis && target.rdbVersion >= noChecksumSince,
      onRefusal: ({ outcome }) => {
        if (outcome === 'unsure') this.certain = false;
        else this.ended = true;
      },
    };
  }

  close(): void {
    this.sources.close();
  }

  /** Loads a file that is an RDB alone; false where the server ends, for a reason in the log. */
  async loadRdbFile(path: string): Promise<{ readonly sound: boolean; readonly bytes: number; readonly keys: number }> {
    const { source, index } = this.sources.addAsStored(path);
    const input = new RdbInput(source);
    const { settings, at } = this.options;
    await this.prepare();
    try {
      const bytes = source.size ?? 0;
      const { sound, returns, keys } = await this.loadRdb(input, index, path, settings.replica ? Number.NaN : at);
      if (!sound && returns) this.log.push(this.options.rules.refusedRdb);
      if (sound) this.log.push('DB loaded from disk: ');
      return { sound, bytes, keys };
    } finally {
      source.close();
    }
  }

  /** `returns`: the server goes on to a message of its own after it has refused the RDB. */
  /** The parser of Lua is not for every start of the program. */
  private async prepare(): Promise<void> {
    const { checkLibrary } = await import('../../functions/library-check.ts');
    this.checkLibrary = checkLibrary;
  }

  private async loadRdb(input: RdbInput, index: number, path: string, dropExpiredBefore: number) {
    const { rules, settings, pause, onProgress } = this.options;
    const { size } = input.source;
    input.onProgress = onProgress && ((offset) => onProgress({ file: path, offset, size }));
    input.ensure(9);
    const head = input.bytes.latin1Slice(0, Math.min(9, input.limit));
    const refused = rdbHeaderFailure(head, rules, settings);
    if (refused !== undefined) {
      if (isNewerHeader(head)) this.meetUnsupported();
      this.log.push(refused.message);
      return { sound: false, returns: refused.returns, keys: 0 };
    }
    const findings = new FindingList();
    const { dataset } = this;
    const exam = this.exam(this.checkLibrary);
    const options = {
      path,
      source: index,
      dataset,
      findings,
      dropExpiredBefore,
      exam,
      pause: pause ?? yieldToEventLoop,
    };
    const load = new RdbLoad(input, options);
    await load.run();
    this.codec.templates = load.reader.templates;
    if (load.unsure !== undefined || this.isUnsure(findings)) this.certain = false;
    if (findings.findings.some(({ code }) => isUnsupported(code))) this.meetUnsupported();
    const failure = rdbFailure(findings.findings, rules, settings) ?? this.beyondDatabases();
    if (failure !== undefined) {
      this.log.push(failure);
      return { sound: false, returns: false, keys: load.keys };
    }
    const counts = `keys loaded: ${load.keys - load.expiredKeys}, keys expired: ${load.expiredKeys}`;
    if (rules.multiPart) this.log.push(`Done loading RDB, ${counts}`);
    return { sound: true, returns: false, keys: load.keys };
  }

  /** How values are looked at: by `sanitize-dump-payload`, which 6.0 does not have. */
  private exam(checkLibrary?: LoadCheckOptions['checkLibrary']): LoadCheck {
    const { rules, settings } = this.options;
    const deep = rules.looksIntoValues || settings.sanitize === 'yes';
    const modules = settings.modules.length > 0 ? 'unsure' : 'refused';
    return new LoadCheck({ target: rules.target, deep, modules, checkLibrary });
  }

  /** Whether the first thing that nothing can be read behind is one that this generation reads on behind. */
  private isUnsure({ findings }: FindingList): boolean {
    const { target } = this.options.rules;
    const fault = findings.find(({ severity }) => severity === 'error');
    return (
      fault !== undefined && loadOutcome(target, { code: fault.code, type: -1, rebuilt: false }, false) === 'unsure'
    );
  }

  private beyondDatabases(): string | undefined {
    return this.dataset.occupied().some((database) => database >= this.databases) ? this.refusedDatabase() : undefined;
  }

  /** Why the server ends for keys in a database beyond its own; undefined where it says so later. */
  private refusedDatabase(): string | undefined {
    const { rules, settings } = this.options;
    if (settings.cluster && rules.clusterKeys === 'crash') return 'crashed by signal';
    this.outsideCluster = settings.cluster && rules.clusterKeys === 'refused-late';
    if (this.outsideCluster) return undefined;
    return `FATAL: Data file was created with a ${rules.server} server configured to handle more than ${this.databases} databases. Exiting`;
  }

  /** Loads one file of an AOF. `preamble`: it is one of the old layout, of which the messages speak in another way. */
  async loadPart(path: string, name: string, preamble: boolean): Promise<PartOutcome> {
    const { source, index } = this.sources.addAsStored(path);
    const input = new RdbInput(source);
    const bytes = source.size ?? 0;
    let rdbKeys = 0;
    await this.prepare();
    try {
      if (input.atEnd()) return { ...sound, status: 'empty', bytes };
      input.ensure(6);
      const head = input.bytes.latin1Slice(0, Math.min(6, input.limit));
      if (this.options.rules.rdbMagics.some((magic) => head.startsWith(magic))) {
        this.log.push(preamble ? 'Reading RDB preamble from AOF file...' : 'Reading RDB base file on AOF loading...');
        const loaded = await this.loadRdb(input, index, path, Number.NaN);
        rdbKeys = loaded.keys;
        if (!loaded.sound) {
          if (loaded.returns) this.log.push(this.preambleError(name, preamble));
          return { ...sound, status: 'fatal', bytes, rdbKeys };
        }
        if (preamble) this.log.push('Reading the remaining AOF tail...');
      }
      return { ...(await new PartReplay(this, this.options, input, index, this.frame, name).run()), bytes, rdbKeys };
    } finally {
      source.close();
    }
  }

  private preambleError(name: string, preamble: boolean): string {
    const file = this.options.rules.multiPart ? ` ${name}` : '';
    const what = preamble ? `preamble of the AOF file${file}` : `base file${file}`;
    return `Error reading the RDB ${what}, AOF loading aborted`;
  }

  /** Source number `index` from `offset` on. */
  reopen(index: number, offset: number): RdbInput {
    const source = this.sources.reopen(index);
    source.seek(offset);
    const input = new RdbInput(source);
    input.base = offset;
    return input;
  }

  /** Executes a command, or says in the log why the server ends. */
  execute(given: CommandView, name: string): boolean {
    const { rules, settings } = this.options;
    const frame = this.renamed.resolve(given);
    if (frame === undefined) {
      this.log.push(this.unknownCommand(given, undefined, name));
      return false;
    }
    const info = findCommand(frame.bytes, frame.starts[0], frame.lengths[0]);
    const arity = this.arityOf(frame, info);
    if (arity === undefined) {
      if (settings.modules.length > 0 && info === undefined) {
        this.certain = false;
        return true;
      }
      if (info === undefined && isNewerCommand(frame)) this.meetUnsupported();
      this.log.push(this.unknownCommand(frame, info, name));
      return false;
    }
    const tooFew = frame.argc < Math.abs(arity);
    const tooMany = arity > 0 && frame.argc > arity;
    if (tooFew || tooMany) {
      if (rules.checksArity) {
        const full = isContainer(info) ? `${frame.text(0)}|${frame.text(1)}` : frame.text(0);
        this.log.push(
          `Error reading the append only file ${name}, error: wrong number of arguments for '${full.toLowerCase()}' command`,
        );
        return false;
      }
      if (tooFew) {
        this.certain = false;
        this.crashes = true;
        return false;
      }
      // What Redis is given beyond the arity is not looked at.
      frame.argc = arity;
    }
    const error = this.run(frame);
    if (this.ended) {
      this.log.push('Internal error in RDB reading offset');
      return false;
    }
    if (error !== undefined) this.log.push('== CRITICAL == This server is sending an error to its AOF-loading-client:');
    return true;
  }

  /** Executes a command; one that meets a damaged value, which nobody looked at before, has an effect that nobody knows. */
  private run(frame: CommandView): string | undefined {
    try {
      if (frame.argc > 2 && frame.text(0).toUpperCase() === 'FUNCTION') this.ended ||= this.crashesAt(frame);
      return this.session.execute(frame);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.certain = false;
      return undefined;
    }
  }

  /** A library that is refused is an error among others, but one may end the server. */
  private crashesAt(frame: CommandView): boolean {
    return this.librariesOf(frame).some(
      (code) => this.checkLibrary?.(code, this.options.rules.target).code === 'rdb.function.crash',
    );
  }

  /** The libraries that a FUNCTION LOAD or FUNCTION RESTORE brings. */
  private librariesOf(frame: CommandView): readonly string[] {
    const subcommand = frame.text(1).toUpperCase();
    if (subcommand === 'LOAD') return [frame.text(frame.argc - 1)];
    if (subcommand !== 'RESTORE') return [];
    const libraries = this.codec.functionPayload(Buffer.from(frame.text(2), 'latin1'));
    return typeof libraries === 'string' ? [] : libraries;
  }

  private arityOf(frame: CommandView, info: CommandInfo | undefined): number | undefined {
    const { arities, looksUpSubcommands } = this.options.rules;
    if (info === undefined) return undefined;
    if (info.container && looksUpSubcommands && frame.argc > 1)
      return arities.get(`${info.name} ${frame.text(1).toUpperCase()}`);
    if (!this.known.has(info)) this.known.set(info, arities.get(info.name));
    return this.known.get(info);
  }

  /** The log says what a server does that does not know it either; nothing says that it does not. */
  private meetUnsupported(): void {
    this.certain = false;
    this.hasUnsupported = true;
  }

  private unknownCommand(frame: CommandView, info: CommandInfo | undefined, name: string): string {
    const { multiPart, server, arities } = this.options.rules;
    const command = frame.text(0);
    if (server === 'Redis')
      return `Unknown command '${command}' reading the append only file${multiPart ? ` ${name}` : ''}`;
    const isSubcommand = info !== undefined && arities.has(info.name);
    const what = isSubcommand ? `unknown subcommand '${frame.text(1)}'` : `unknown command '${command}'`;
    return `Error reading the append only file ${name}, error: ${what}`;
  }
}

/** Databases that SELECT reaches: a node of a cluster has one. */
function databasesOf(settings: BootSettings, rules: BootRules): number {
  if (!settings.cluster) return settings.databases;
  return rules.clusterDatabases ? settings.clusterDatabases : 1;
}

/** Whether an RDB's head has a version that this build does not know. */
function isNewerHeader(head: string): boolean {
  const match = /^(REDIS|VALKEY)(\d+)/.exec(head);
  return match !== null && Number(match[2]) > versionMax[match[1] === 'REDIS' ? 'redis' : 'valkey'];
}

/** Whether a command that no list has may be one of a newer version or another product. */
function isNewerCommand(frame: CommandView): boolean {
  const name = frame.text(0);
  return (
    !isModuleName(name) &&
    !isKeydbCommand(name, frame.argc) &&
    codeOfUnknownCommand(name, frame.argc) === 'aof.command.unsupported'
  );
}

const isContainer = (info: CommandInfo | undefined): boolean => info?.container === true;

const sound: PartOutcome = {
  status: 'ok',
  bytes: 0,
  commands: 0,
  rdbKeys: 0,
  validUpTo: 0,
  rdbLength: 0,
  inTransaction: false,
};

type Step = 'more' | 'ok' | 'torn' | 'bad' | 'fatal';

/** The commands of one file, from where its RDB ends. */
class PartReplay {
  private readonly load: ServerLoad;
  private readonly options: ServerLoadOptions;
  private readonly scanner: RespScanner;
  private readonly index: number;
  private readonly frame: CommandView;
  private readonly name: string;
  private readonly rdbLength: number;
  private commands = 0;
  private validUpTo: number;
  private validBeforeMulti = 0;
  /** Takes over where the strict scanner finds a flaw: the server is less strict. */
  private loose: ServerScanner | undefined;

  constructor(
    load: ServerLoad,
    options: ServerLoadOptions,
    input: RdbInput,
    index: number,
    frame: CommandView,
    name: string,
  ) {
    this.load = load;
    this.options = options;
    this.scanner = new RespScanner(input, true);
    this.index = index;
    this.frame = frame;
    this.name = name;
    this.rdbLength = input.offset;
    this.validUpTo = options.rules.keepsPreamble ? this.rdbLength : 0;
    frame.source = index;
    frame.ordinal = 0;
    load.session.select(0);
  }

  async run(): Promise<Omit<PartOutcome, 'bytes' | 'rdbKeys'>> {
    let step: Step = 'more';
    while (step === 'more') {
      for (let count = 0; step === 'more' && count < commandsBetweenPauses; count++)
        step = this.loose === undefined ? this.strictStep(this.scanner) : this.looseStep(this.loose);
      await (this.options.pause ?? yieldToEventLoop)();
    }
    const inTransaction = this.load.session.inTransaction;
    if (inTransaction && (step === 'ok' || (step === 'torn' && this.options.rules.revertsTorn))) this.revert();
    const isOpen = inTransaction && this.validUpTo > this.validBeforeMulti;
    this.load.session.endFile();
    const status = step === 'ok' && inTransaction ? 'torn' : (step as Exclude<Step, 'more'>);
    const { commands, validUpTo, rdbLength } = this;
    return { status, commands, validUpTo, rdbLength, inTransaction: isOpen };
  }

  private revert(): void {
    const file = this.options.rules.multiPart ? ` ${this.name}` : '';
    this.load.log.push(`Revert incomplete MULTI/EXEC transaction in AOF file${file}`);
    this.validUpTo = this.validBeforeMulti;
  }

  private strictStep(scanner: RespScanner): Step {
    const record = scanner.next(this.frame);
    if (record === Record.command) return this.execute(scanner.window.offset);
    if (record === Record.end) return 'ok';
    if (record === Record.annotation) return this.options.rules.annotations ? 'more' : 'bad';
    const rest = this.load.reopen(this.index, scanner.start);
    this.loose = new ServerScanner(rest, this.options.rules.annotations);
    return 'more';
  }

  private looseStep(scanner: ServerScanner): Step {
    const record = scanner.next(this.frame);
    if (record === ServerRecord.command) return this.execute(scanner.window.offset);
    if (record === ServerRecord.annotation) return 'more';
    if (record === ServerRecord.end) return 'ok';
    return record === ServerRecord.torn ? 'torn' : 'bad';
  }

  private execute(end: number): Step {
    const { load, frame } = this;
    this.commands++;
    const wasOpen = load.session.inTransaction;
    if (!load.execute(frame, this.name)) return 'fatal';
    if (!wasOpen && load.session.inTransaction) this.validBeforeMulti = this.validUpTo;
    this.validUpTo = end;
    return 'more';
  }
}
