import fs from 'node:fs';
import nodePath from 'node:path';
import { UnreadableError, UsageError } from '../../errors.ts';
import { findTarget } from '../../rdb/targets.ts';
import type { Progress } from '../report.ts';
import { AofStart } from './aof-start.ts';
import { durabilityOf } from './durability.ts';
import { bootRules } from './generation.ts';
import type { BootDatabase, BootResult } from './outcome.ts';
import { ServerLoad } from './server-load.ts';
import { type Directive, parseConfiguration, readConfiguration, settingsOf, unknownDirective } from './settings.ts';
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
  const unknown = unknownDirective(directives, target.name);
  const settings = settingsOf(
    unknown === undefined ? directives : directives.filter(({ name }) => name !== unknown.name),
    !rules.multiPart,
  );
  const load = new ServerLoad({ ...options, rules, settings });
  try {
    const start = new Start(directory, rules, settings, load);
    if (unknown !== undefined) start.refuseDirective(unknown);
    else await new AofStart(start).run();
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

const uncertain = 'the log holds what no rule defines: a script, or a command with too few arguments';

function directivesOf({ configuration, settings = [] }: BootOptions): Directive[] {
  const read = configuration === undefined ? [] : readConfiguration(nodePath.resolve(configuration));
  return [...read, ...parseConfiguration(settings.join('\n'), 'the settings given')];
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
