/** The public API: everything that the commands use, and a program may. */

export { chooseDataset, type DatasetChoice, type DatasetKind } from './aof/dataset-choice.ts';
export type { PassedOver } from './aof/folder-scan.ts';
export type { LogFilter, LogOptions, LogResult } from './aof/log/options.ts';
export type { ChecksumReport, FileReport, LayoutName, Progress, RdbReport } from './aof/report.ts';
export type { ChosenRules } from './dataset/flavor-choice.ts';
export type { DatabaseCensus } from './dataset/key-statistics.ts';
export type { CommandNumber, CommandRange, CutPlace, PointInTime } from './dataset/point/point-in-time.ts';
export type { ForeignCommand } from './dataset/version-hints.ts';
export { LimitError, UnreadableError, UnwritableError, UsageError } from './errors.ts';
export { catalog, type Finding, type FindingRule, type Severity } from './findings.ts';
export { escapeBinary } from './io/text.ts';
export { defaultLimits, type Limits, limits, setLimits } from './limits.ts';
export { type BootOptions, boot } from './operations/boot/boot.ts';
export type { BootDatabase, BootFile, BootResult, DiskChange, UnusedData } from './operations/boot/outcome.ts';
export type { BootSettings } from './operations/boot/settings.ts';
export { type CheckOptions, type CheckResult, type CheckSummary, check } from './operations/check/check.ts';
export { convert } from './operations/convert/convert.ts';
export type {
  ConflictPolicy,
  ConvertOptions,
  ConvertResult,
  LossCount,
  ModulePolicy,
  Road,
  SlotRange,
  TtlPolicy,
} from './operations/convert/options.ts';
export { parseSlots } from './operations/convert/slots.ts';
export { type DiffOptions, diff } from './operations/diff/diff.ts';
export type { DatabaseDiff, DifferentKey, DiffResult, DiffSide, ValueDifference } from './operations/diff/result.ts';
export { type DigestOptions, type DigestResult, digest } from './operations/digest/digest.ts';
export type { Frequent } from './operations/log/frequent-keys.ts';
export { log } from './operations/log/log.ts';
export { type LogStatistics, type LogStatisticsOptions, logStatistics } from './operations/log/statistics.ts';
export type { RepairOptions, RepairOutcome, RepairResult } from './operations/repair/options.ts';
export type {
  Cut,
  Duplicates,
  FilePlan,
  Region,
  RepairPlan,
  Strategy,
  Tally,
  Unresolved,
} from './operations/repair/plan.ts';
export { repair } from './operations/repair/repair.ts';
export type { RewriteOptions, RewriteOutcome, RewriteResult } from './operations/rewrite/options.ts';
export {
  type RestoreOptions,
  type RestorePreview,
  type RestoreResult,
  restore,
} from './operations/rewrite/restore.ts';
export type { DatabaseDifference } from './operations/rewrite/restore-difference.ts';
export { rewrite } from './operations/rewrite/rewrite.ts';
export { type VerifiedFile, type VerifyOptions, type VerifyResult, verify } from './operations/verify/verify.ts';
export type { OutputFormat } from './output/rewrite-output.ts';
export { type Flavor, flavors } from './servers/flavor.ts';
