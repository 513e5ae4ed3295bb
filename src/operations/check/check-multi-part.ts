import fs from 'node:fs';
import nodePath from 'node:path';
import { listFolder, partName, temporaryName } from '../../aof/layout.ts';
import { type Manifest, type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import { UnreadableError, unreadable } from '../../errors.ts';
import type { FileReport, FindingList } from '../report.ts';
import { checkFile, type FileCheckOptions } from './check-file.ts';

export type PartOptions = Omit<FileCheckOptions, 'role' | 'part' | 'last'>;

/** Checks a multi-part AOF: its manifest, every part that a server would load in that order, and what else lies in the folder. */
export async function checkMultiPart(
  directory: string,
  manifestPath: string,
  findings: FindingList,
  options: PartOptions,
): Promise<FileReport[]> {
  const bytes = readWhole(manifestPath);
  const manifest = parseManifest(bytes);
  for (const fault of manifest.faults) {
    findings.add(fault.code, manifestPath, fault.offset, {
      length: fault.length,
      expected: fault.expected,
      found: `${fault.found} in line ${fault.line}`,
      advice: `The server exits with "FATAL AOF MANIFEST FILE ERROR": "${fault.reason}".`,
    });
  }
  const reports: FileReport[] = [
    { path: manifestPath, role: 'manifest', format: 'manifest', gzip: false, size: bytes.length },
  ];
  const parts = loadOrder(manifest);
  for (const part of parts) {
    const report = await checkPart(directory, manifestPath, part, part === parts.at(-1), findings, options);
    if (report !== undefined) reports.push(report);
  }
  checkOthers(directory, manifestPath, manifest, findings);
  return reports;
}

/** The parts that a server loads, in its order: the base, then the increments. */
export function loadOrder(manifest: Manifest): ManifestPart[] {
  const ofType = (type: string) => manifest.parts.filter((part) => part.type === type);
  return [...ofType('b'), ...ofType('i')];
}

function readWhole(path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function checkPart(
  directory: string,
  manifestPath: string,
  part: ManifestPart,
  last: boolean,
  findings: FindingList,
  options: PartOptions,
): Promise<FileReport | undefined> {
  const path = nodePath.join(directory, part.name);
  const role = part.type === 'b' ? 'base' : 'incr';
  try {
    return (await checkFile(path, findings, { ...options, role, part: true, last })).report;
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const code = error.code === 'ENOENT' ? 'manifest.part.missing' : 'manifest.part.unreadable';
    findings.add(code, manifestPath, part.offset, { expected: `the file ${part.name}`, found: error.message });
    return undefined;
  }
}

/** Files that the manifest does not load: history that awaits its deletion, leftovers, and parts that it should name. */
function checkOthers(directory: string, manifestPath: string, manifest: Manifest, findings: FindingList): void {
  const known = new Map(manifest.parts.map((part) => [part.name, part]));
  const prefix = nodePath.basename(manifestPath, '.manifest');
  for (const name of listFolder(directory)) {
    const path = nodePath.join(directory, name);
    const part = known.get(name);
    if (part?.type === 'h') findings.add('manifest.part.history', path, 0, { found: name });
    else if (temporaryName.test(name)) findings.add('manifest.part.temporary', path, 0, { found: name });
    else if (part === undefined && partName.exec(name)?.[1] === prefix) {
      const expected = `a line for it in ${nodePath.basename(manifestPath)}`;
      findings.add('manifest.part.orphan', path, 0, { expected, found: name });
    }
  }
}
