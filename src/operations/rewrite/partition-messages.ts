import type { KeyFilterOptions } from '../../dataset/filter.ts';
import type { DatabaseStatistics } from '../../dataset/key-statistics.ts';
import type { PartitionChoice } from '../../dataset/load.ts';
import type { DatabaseSum } from '../../engine/digest.ts';
import type { ReplyError } from '../../engine/session.ts';
import type { Finding } from '../../findings.ts';
import type { Limits } from '../../limits.ts';
import type { DatabaseSize, TrailingCommand } from '../../output/dataset-writer.ts';
import type { LossReport } from '../../output/loss-list.ts';
import type { WritingForm } from '../../output/run-writer.ts';
import type { Flavor } from '../../servers/flavor.ts';

/* What the two threads of a rewrite tell each other. The first holds shard 0 and makes the output; the second holds shard 1. */

/** What the second thread loads. */
export interface PartitionTask {
  readonly kind: 'load';
  readonly path: string;
  readonly shard: PartitionChoice;
  readonly flavor: Flavor;
  /** Whose payloads of RESTORE are taken, as for `loadDataset`. */
  readonly payloads?: Flavor | 'any';
  readonly mends?: boolean;
  readonly at: number;
  readonly seed: number | undefined;
  readonly filter: KeyFilterOptions;
  /** Of this thread: the other one has its own. */
  readonly limits: Limits;
}

/** What it writes, and to which open file; `digest`: the flavor for which it sums up its keys meanwhile. */
export interface WritingTask {
  readonly kind: 'write';
  readonly form: WritingForm;
  readonly descriptor: number;
  readonly digest: Flavor | undefined;
}

/** What it is asked for: to load once, to write as often as targets are tried. */
export type PartitionRequest = PartitionTask | WritingTask;

/** What was loaded and is left after filtering. */
export interface PartitionSummary {
  readonly kind: 'loaded';
  readonly databases: readonly DatabaseSize[];
  readonly census: readonly DatabaseStatistics[];
  readonly filtered: number;
  readonly findings: readonly Finding[];
  readonly errors: readonly ReplyError[];
  /** Commands that were run, and those that were refused, by `Command.id`. */
  readonly calls: Float64Array;
  readonly failures: Float64Array;
}

/** One run lies in the file from `from` to `to`. */
export interface WrittenRun {
  readonly kind: 'run';
  readonly database: number;
  readonly run: number;
  readonly from: number;
  readonly to: number;
}

/** All runs are written. */
export interface WrittenPartition {
  readonly kind: 'written';
  readonly losses: LossReport;
  readonly trailing: readonly TrailingCommand[];
  /** What its keys add to the digest. */
  readonly sums: readonly DatabaseSum[];
}

export type PartitionReply =
  | PartitionSummary
  | WrittenRun
  | WrittenPartition
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };
