import type { Progress } from '../../aof/report.ts';
import type { Finding } from '../../findings.ts';
import type { FileSystem } from '../../io/open-folder.ts';
import type { Duplicates, RepairPlan, Strategy } from './plan.ts';

export interface RepairOptions {
  /** Where the result goes: a file, or for a multi-part AOF a new folder. Without it, and not in place, there is only a plan. */
  readonly output?: string;
  readonly inPlace?: boolean;
  /** Make the plan and no more. */
  readonly dryRun?: boolean;
  /** Default: truncate where all damage is at the end of the last part, else salvage. */
  readonly strategy?: Strategy;
  /** Truncation of a part that is not the last: go on with the parts behind it. Default: they go to quarantine. */
  readonly keepLaterParts?: boolean;
  /** Which of two records of one key stays. Default last, as a server with ALLOW_DUP has it. */
  readonly duplicates?: Duplicates;
  /** Take parts in that the manifest does not name. */
  readonly adopt?: boolean;
  /** Leave out commands with a damaged name or a wrong number of arguments; never one that may be newer than this build. */
  readonly dropUnknown?: boolean;
  /** The name for the value of a DUMP payload, a binary string. Default: the file's name without its extension. */
  readonly key?: string;
  /** Names that the file uses, and the commands that they stand for. */
  readonly renames?: ReadonlyMap<string, string>;
  /** In place: keep the old files beside the new ones. Default true. */
  readonly backup?: boolean;
  /** Replace what is at `output`; do not mind that another process has the input open. */
  readonly force?: boolean;
  /** Asked before anything is written; false leaves everything as it is. */
  readonly confirm?: (plan: RepairPlan) => boolean | Promise<boolean>;
  /** Consent is certain: large results may be written, under a temporary name, while the plan is made. */
  readonly ahead?: boolean;
  /** A random number for the hash functions. */
  readonly seed?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** What tests set too. */
export interface RepairSettings extends RepairOptions {
  /** The file system's calls, for tests that let them fail. */
  readonly fileSystem?: FileSystem;
  /** Where the system shows its processes, for tests. Default `/proc`. */
  readonly proc?: string;
}

/**
 * `sound`: nothing to do. `planned`: there is a plan, and nobody asked for more. `declined`: `confirm` said no. `repaired`: the
 * result is in its place. `failed`: it would not be sound, and nothing was replaced.
 */
export type RepairOutcome = 'sound' | 'planned' | 'declined' | 'repaired' | 'failed';

export interface RepairResult {
  readonly path: string;
  /** The result is (or, of a plan, will be) what `check` calls sound, and something was kept. */
  readonly ok: boolean;
  readonly outcome: RepairOutcome;
  readonly reason?: string;
  readonly plan: RepairPlan;
  /** Files that were written or replaced. */
  readonly written: readonly { readonly path: string; readonly bytes: number }[];
  readonly backups: readonly string[];
  /** The folder with all that was left out. */
  readonly quarantine?: string;
  /** What a person should know of what was written: that a running server could not have been seen, that old parts stay. */
  readonly notes: readonly string[];
  /** What `check` says of the result. */
  readonly findings: readonly Finding[];
}
