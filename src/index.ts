/** The public API: everything that the commands use, and a program may. */

import type { LogOptions, LogResult } from './aof/log/options.ts';
import type { Key } from './keys/key-maker.ts';
import { forEachKey as forEachKeyAt, type ReadKeysOptions, readKeys as readKeysAt } from './keys/read-keys.ts';
import type { ScanResult } from './keys/scan-keys.ts';
import { convert as convertOperation } from './operations/convert/convert.ts';
import type { ConvertOptions, ConvertResult } from './operations/convert/options.ts';
import { log as logOperation } from './operations/log/log.ts';
import {
  type LogStatistics,
  type LogStatisticsOptions,
  logStatistics as statisticsOperation,
} from './operations/log/statistics.ts';
import type { RepairOptions, RepairResult } from './operations/repair/options.ts';
import { repair as repairOperation } from './operations/repair/repair.ts';
import type { RewriteOptions, RewriteResult } from './operations/rewrite/options.ts';
import { rewrite as rewriteOperation } from './operations/rewrite/rewrite.ts';

export { chooseDataset, type DatasetChoice, type DatasetKind } from './aof/dataset-choice.ts';
export type { PassedOver } from './aof/folder-scan.ts';
export type { LogDamage, LogFilter, LogOptions, LogResult } from './aof/log/options.ts';
export type { LogPart } from './aof/parts.ts';
export type { ChecksumReport, FileReport, LayoutName, Progress, RdbReport } from './aof/report.ts';
export type { OnExisting } from './aof/writer/aof-writer.ts';
export type { RefusedCount } from './checks/load/refusal-text.ts';
export type { Copied, UnknownPlace } from './dataset/copied-tail.ts';
export type { KeyFilterOptions } from './dataset/filter.ts';
export type { ChosenRules } from './dataset/flavor-choice.ts';
export type { DatabaseStatistics } from './dataset/key-statistics.ts';
export type { OpaqueCommand, OpaquePolicy } from './dataset/load.ts';
export type {
  BeforeLast,
  CommandNumber,
  CommandRange,
  CutPlace,
  LogSelection,
  PointInTime,
} from './dataset/point/point-in-time.ts';
export type { ForeignCommand } from './dataset/version-hints.ts';
export type { U64 } from './encodings/u64.ts';
export type { OpaqueReason, ReplyError } from './engine/session.ts';
export { parseSlots, type SlotRange } from './engine/slot.ts';
export { LimitError, UnreadableError, UnwritableError, UsageError } from './errors.ts';
export { catalog, type Finding, type FindingRule, type Severity } from './findings.ts';
export { escapeBinary } from './io/text.ts';
export type { ByteSink } from './io/writer.ts';
export type { TextEncoding } from './keys/json-text.ts';
export type { Key, RawValue } from './keys/key-maker.ts';
export type { KeySelection } from './keys/key-selection.ts';
export type {
  CronContent,
  Field,
  KeyValue,
  Member,
  ScoredMember,
  StreamContent,
  StreamGroup,
  VectorSetValue,
} from './keys/key-value.ts';
export {
  AofKeyWriter as AofWriter,
  type KeyWriterOptions,
  RdbKeyWriter as RdbWriter,
  type WrittenKey,
} from './keys/key-writers.ts';
export {
  type CommandsDamage,
  CommandsError,
  forEachCommand,
  type LogCommand,
  type ReadCommandsOptions,
  type ReadCommandsResult,
  readCommands,
} from './keys/read-commands.ts';
export { type KeyLevel, KeysError, type ReadKeysOptions } from './keys/read-keys.ts';
export type { ScanFacts, ScanOptions, ScanResult } from './keys/scan-keys.ts';
export type { Text, WrittenValue } from './keys/written-value.ts';
export { defaultLimits, type Limits, limits, setLimits } from './limits.ts';
export type { EncodingName } from './memory/value-size.ts';
export { type BootOptions, boot } from './operations/boot/boot.ts';
export type { BootDatabase, BootFile, BootResult, DiskChange, UnusedData } from './operations/boot/outcome.ts';
export type { BootSettings, Preload } from './operations/boot/settings.ts';
export { type CheckOptions, type CheckResult, type CheckSummary, check } from './operations/check/check.ts';
export type { Needs } from './operations/convert/log-needs.ts';
export type {
  ConflictPolicy,
  ConvertOptions,
  ConvertResult,
  LossCount,
  ModulePolicy,
  Road,
  TtlPolicy,
} from './operations/convert/options.ts';
export { type DiffOptions, diff } from './operations/diff/diff.ts';
export type { DatabaseDiff, DifferentKey, DiffResult, DiffSide, ValueDifference } from './operations/diff/result.ts';
export { type DigestOptions, type DigestResult, digest } from './operations/digest/digest.ts';
export { type Explanation, explain } from './operations/explain/explain.ts';
export { exportKeys } from './operations/export/export.ts';
export type { ExportedInput, ExportFormat, ExportOptions, ExportResult } from './operations/export/options.ts';
export type { Frequent } from './operations/log/frequent-keys.ts';
export type { GrowthSpan } from './operations/log/growth-curve.ts';
export type { RewriteEstimate } from './operations/log/rewrite-estimate.ts';
export type { CommandCount, LogStatistics, LogStatisticsOptions } from './operations/log/statistics.ts';
export { compareMemory, type MemoryChange, type MemoryComparison } from './operations/memory/compare.ts';
export type { HistogramBin } from './operations/memory/histogram.ts';
export {
  type MemoryGroup,
  type MemoryOptions,
  type MemoryResult,
  type MemoryServer,
  memoryReport,
  memoryServers,
  type SlotSum,
} from './operations/memory/memory.ts';
export type { PrefixNode, PrefixTree } from './operations/memory/prefix-tree.ts';
export type { ServerNeeds } from './operations/memory/server-needs.ts';
export type { ListedKey } from './operations/memory/top-keys.ts';
export type { Missing, Shortage } from './operations/repair/missing.ts';
export type { RepairOptions, RepairOutcome, RepairResult } from './operations/repair/options.ts';
export type {
  Cut,
  Duplicates,
  FilePlan,
  FileScan,
  Region,
  RepairPlan,
  Span,
  Strategy,
  Tally,
  Unresolved,
} from './operations/repair/plan.ts';
export type { RewriteOptions, RewriteOutcome, RewriteResult } from './operations/rewrite/options.ts';
export {
  type RestoreOptions,
  type RestorePreview,
  type RestoreResult,
  restore,
} from './operations/rewrite/restore.ts';
export type { DatabaseDifference } from './operations/rewrite/restore-difference.ts';
export { type VerifiedFile, type VerifyOptions, type VerifyResult, verify } from './operations/verify/verify.ts';
export type { OutputFormat } from './output/rewrite-output.ts';
export type { ChecksumState } from './rdb/reader.ts';
export { type Flavor, flavors } from './servers/flavor.ts';
export type { Loss, LossKind, LossOutcome } from './servers/losses.ts';
export type { Fork, RdbFormat } from './servers/value-type-id.ts';

/** Converts files between layouts, formats and server versions. Throws UnreadableError, UnwritableError, UsageError, LimitError. */
export const convert: (paths: string | readonly string[], options: ConvertOptions) => Promise<ConvertResult> =
  convertOperation;

/** Prints the commands of a log. Throws UnreadableError, UsageError. */
export const log: (path: string, options: LogOptions) => Promise<LogResult> = logOperation;

/** Repairs what can be repaired of a dataset. Throws UnreadableError, UnwritableError, UsageError, LimitError. */
export const repair: (path: string, options?: RepairOptions) => Promise<RepairResult> = repairOperation;

/** Writes a dataset anew in its compact form. Throws UnreadableError, UnwritableError, UsageError, LimitError. */
export const rewrite: (path: string, options: RewriteOptions) => Promise<RewriteResult> = rewriteOperation;

/** What a log is made of. Throws UnreadableError, UsageError. */
export const logStatistics: (path: string, options: LogStatisticsOptions) => Promise<LogStatistics> =
  statisticsOperation;

/**
 * The keys of an RDB, AOF, multi-part AOF or data folder, in batches; whoever breaks off ends the reading. Throws UnreadableError,
 * UsageError, LimitError, and KeysError behind the last key where there is damage or a command whose effect is not known.
 */
export const readKeys = (path: string, options: ReadKeysOptions = {}): AsyncGenerator<readonly Key[]> =>
  readKeysAt(path, options, Date.now());

/** Calls `visit` with each key; false ends the reading. Damage is in the result. Throws as `readKeys` otherwise. */
export const forEachKey = (path: string, options: ReadKeysOptions, visit: (key: Key) => unknown): Promise<ScanResult> =>
  forEachKeyAt(path, options, visit, Date.now());
