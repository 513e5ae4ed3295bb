import nodePath from 'node:path';
import type { Progress } from '../../aof/report.ts';
import { UnreadableError, UsageError } from '../../errors.ts';
import fs from '../../io/file-system.ts';
import { findTarget } from '../../servers/targets.ts';
import { AofStart } from './aof-start.ts';
import { configure, missingAtStart } from './configuration.ts';
import { type Directive, included, parseConfiguration, readConfiguration } from './directives.ts';
import { durabilityOf } from './durability.ts';
import { bootRules } from './generation.ts';
import type { BootDatabase, BootResult } from './outcome.ts';
import { preload } from './preload.ts';
import { ServerLoad } from './server-load.ts';
import { Start } from './start.ts';
import { findUnused } from './unused.ts';

export interface BootOptions {
  /** The server generation, such as `redis-8.6`. */
  readonly server: string;
  /** Path of a configuration file. */
  readonly configuration?: string;
  /** Lines that come after it. */
  readonly settings?: readonly string[];
  /** The moment of the start, milliseconds since 1970. */
  readonly at: number;
  readonly seed?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/**
 * What a server of that generation would do when it is started in the data folder `directory`: nothing is written, everything is
 * told. Throws UnreadableError (no such folder, no configuration file) and UsageError.
 */
export async function boot(directory: string, options: BootOptions): Promise<BootResult> {
  const target = findTarget(options.server);
  if (target === undefined) throw new UsageError(`no server generation is called ${options.server}`);
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UnreadableError(directory, 'ENOTDIR', `cannot read ${directory}: it is not a folder`);
  const directives = directivesOf(options);
  const rules = bootRules(target);
  const { settings, refusal } = configure(directives, rules);
  const load = new ServerLoad({ ...options, rules, settings });
  try {
    const start = new Start(directory, rules, settings, load);
    if (refusal !== undefined) start.die(refusal.reason, refusal.log);
    else await runStart(start);
    const databases = databasesOf(load, options.at);
    const kept = start.fatal === undefined ? databases : [];
    // Of a server that does not start, all is unused.
    const unused = start.fatal === undefined ? findUnused(start, load.dataset.keyCount) : [];
    const reason = start.fatal ?? start.loss ?? unused.find(({ matters }) => matters)?.why ?? '';
    return {
      path: directory,
      server: target.name,
      starts: start.fatal === undefined,
      certain: load.certain,
      hasUnsupported: load.hasUnsupported,
      ok: reason === '' && load.certain,
      reason: reason === '' && !load.certain ? uncertain : reason,
      files: start.files,
      changes: start.changes,
      log: load.log,
      databases: kept,
      unused,
      hazards: start.hazards,
      durability: durabilityOf(settings),
      settings,
    };
  } finally {
    load.close();
  }
}

/** What comes before the data, and then the data. */
async function runStart(start: Start): Promise<void> {
  const { settings, rules, directory } = start;
  start.openCluster();
  const missing = missingAtStart(settings, rules, directory);
  if (missing !== undefined) return start.die(missing.reason, missing.log);
  start.noteHazards();
  if (settings.preload !== undefined) await preload(start, settings.preload);
  else await new AofStart(start).run();
  if (start.fatal === undefined && start.load.outsideCluster) {
    const line = "You can't have keys in a DB different than DB 0 when in Cluster mode. Exiting.";
    start.die('a cluster has one database, and the RDB has keys in another', [line]);
  }
}

const uncertain =
  'the data holds what no rule defines: a script, a command with too few arguments, or what only a module knows';

function directivesOf({ configuration, settings = [] }: BootOptions): Directive[] {
  const read = configuration === undefined ? [] : readConfiguration(nodePath.resolve(configuration));
  return [...read, ...included(parseConfiguration(settings.join('\n'), 'the settings given'))];
}

function databasesOf(load: ServerLoad, at: number): BootDatabase[] {
  return load.dataset.occupied().map((database) => {
    const keys = load.dataset.database(database);
    let expired = 0;
    if (keys.expiring > 0)
      for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) if (keys.expiry(entry) < at) expired++;
    return { database, keys: keys.count, expired };
  });
}
