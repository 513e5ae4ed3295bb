import { UnreadableError } from '../../src/errors.ts';
import { ExitCode } from './base-command.ts';

/** A path that could not be read, in the place of its result. */
export interface Unread {
  readonly path: string;
  readonly layout: 'unknown';
  readonly ok: false;
  readonly files: readonly never[];
  readonly passedOver: readonly never[];
  readonly findings: readonly never[];
  readonly summary: Record<string, never>;
  readonly error: { readonly code: string; readonly message: string };
}

/** Runs an operation on each path; what cannot be read is a result too. */
export async function runPaths<T extends { ok: boolean }>(
  paths: readonly string[],
  operation: (path: string) => Promise<T>,
  each: (result: T | Unread) => Promise<void>,
): Promise<{ results: (T | Unread)[]; exitCode: ExitCode }> {
  const results: (T | Unread)[] = [];
  let exitCode: ExitCode = ExitCode.sound;
  for (const path of paths) {
    const result = await operation(path).catch((error: unknown) => unread(path, error));
    results.push(result);
    await each(result);
    if ('error' in result && !result.ok) exitCode = ExitCode.unreadable;
    else if (!result.ok && exitCode === ExitCode.sound) exitCode = ExitCode.problems;
  }
  return { results, exitCode };
}

function unread(path: string, error: unknown): Unread {
  if (!(error instanceof UnreadableError)) throw error;
  const { code, message } = error;
  return {
    path,
    layout: 'unknown',
    ok: false,
    files: [],
    passedOver: [],
    findings: [],
    summary: {},
    error: { code, message },
  };
}

export function isUnread(result: object): result is Unread {
  return 'error' in result;
}
