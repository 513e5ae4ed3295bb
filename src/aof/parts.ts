import nodePath from 'node:path';
import { UnreadableError } from '../errors.ts';
import { readSmallFile } from '../io/small-file.ts';
import { backupText } from './backup.ts';
import type { Layout } from './layout.ts';
import { loadOrder, type Manifest, type ManifestPart, parseManifest } from './manifest.ts';
import type { FindingList } from './report.ts';

/** Reads a manifest; its faults become findings, where somebody wants them. Throws UnreadableError. */
export function readManifest(
  path: string,
  findings?: FindingList,
): { readonly manifest: Manifest; readonly size: number } {
  const bytes = readSmallFile(path);
  const manifest = parseManifest(bytes);
  for (const { code, offset, length, expected, found, line, reason } of manifest.faults) {
    findings?.add(code, path, offset, {
      length,
      expected,
      found: `${found} in line ${line}`,
      advice: `The server exits with "FATAL AOF MANIFEST FILE ERROR": "${reason}".`,
    });
  }
  return { manifest, size: bytes.length };
}

/** A backup is named as what it is. */
export function noteBackup(layout: Layout, findings: FindingList): void {
  const backup = 'backup' in layout ? layout.backup : undefined;
  if (backup === undefined) return;
  const code = backup.sealed ? 'backup.sealed' : 'backup.unsealed';
  findings.add(code, backup.directory, 0, { found: backupText(backup) });
}

/** Visits the parts that a server loads, in its order; one that is missing or cannot be read becomes a finding at its line. */
export async function eachPart(
  manifestPath: string,
  manifest: Manifest,
  findings: FindingList,
  visit: (path: string, part: ManifestPart, last: boolean) => Promise<void>,
): Promise<void> {
  const parts = loadOrder(manifest);
  for (const part of parts) {
    try {
      await visit(nodePath.join(nodePath.dirname(manifestPath), part.name), part, part === parts.at(-1));
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      const code = error.code === 'ENOENT' ? 'manifest.part.missing' : 'manifest.part.unreadable';
      findings.add(code, manifestPath, part.offset, { expected: `the file ${part.name}`, found: error.message });
    }
  }
}

/** One file of a log. */
export interface LogPart {
  readonly path: string;
  /** Its name without the folder. */
  readonly name: string;
  readonly role: 'file' | 'base' | 'incr';
  /** Of a part of a multi-part AOF: its `seq`. */
  readonly sequence: number;
}
