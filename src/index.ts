/** The public API: everything that the commands use, and a program may. */

export { escapeBinary } from './bytes/text.ts';
export { type Flavor, flavors } from './engine/flavor.ts';
export { UnreadableError, UnwritableError, UsageError } from './errors.ts';
export { catalog, type Finding, type FindingRule, type Severity } from './findings.ts';
export { type CheckOptions, type CheckResult, type CheckSummary, check } from './operations/check/check.ts';
export type { DatabaseCensus } from './operations/dataset/census.ts';
export { type DigestOptions, type DigestResult, digest } from './operations/digest.ts';
export { log } from './operations/log/log.ts';
export type { LogFilter, LogOptions, LogResult } from './operations/log/options.ts';
export type { ChecksumReport, FileReport, LayoutName, Progress, RdbReport } from './operations/report.ts';
export type { OutputFormat, RewriteOptions, RewriteOutcome, RewriteResult } from './operations/rewrite/options.ts';
export { rewrite } from './operations/rewrite/rewrite.ts';
export { type VerifiedFile, type VerifyOptions, type VerifyResult, verify } from './operations/verify.ts';
