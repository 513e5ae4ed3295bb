import type { DatabaseSum } from '../../engine/digest.ts';
import type { Flavor } from '../../engine/flavor.ts';
import type { ReplyError } from '../../engine/session.ts';
import type { Finding } from '../../findings.ts';
import type { DatabaseCensus } from '../dataset/census.ts';
import type { KeyFilterOptions } from '../dataset/filter.ts';
import type { DatabaseSize, TrailingCommand } from './dataset-writer.ts';
import type { LossReport } from './loss-list.ts';
import type { WritingForm } from './run-writer.ts';

/* What the two threads of a rewrite tell each other. The first holds shard 0 and makes the output; the second holds shard 1. */

/** What the second thread is started with. */
export interface ShardTask {
  readonly path: string;
  readonly owners: Uint8Array;
  readonly flavor: Flavor;
  readonly at: number;
  readonly seed: number | undefined;
  readonly filter: KeyFilterOptions;
}

/** What it is asked for, in this order: `write` as often as targets are tried. */
export type ShardRequest =
  | { readonly kind: 'write'; readonly form: WritingForm; readonly descriptor: number }
  | { readonly kind: 'digest'; readonly flavor: Flavor };

/** What was loaded and is left after filtering. */
export interface ShardSummary {
  readonly kind: 'loaded';
  readonly databases: readonly DatabaseSize[];
  readonly census: readonly DatabaseCensus[];
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

export type ShardReply =
  | ShardSummary
  | WrittenRun
  | { readonly kind: 'written'; readonly losses: LossReport; readonly trailing: readonly TrailingCommand[] }
  | { readonly kind: 'digest'; readonly sums: readonly DatabaseSum[] }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };
