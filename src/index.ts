/** The public API: everything that the commands use, and a program may. */
export { UnreadableError, UsageError } from './errors.ts';
export { catalog, type Finding, type FindingRule, type Severity } from './findings.ts';
export { type CheckOptions, type CheckResult, type CheckSummary, check } from './operations/check/check.ts';
export type { ChecksumReport, FileReport, LayoutName, Progress, RdbReport } from './operations/report.ts';
export { type VerifiedFile, type VerifyOptions, type VerifyResult, verify } from './operations/verify.ts';
