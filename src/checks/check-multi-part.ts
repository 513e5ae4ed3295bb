import nodePath from 'node:path';
import { listFolder, partName, temporaryName } from '../aof/layout.ts';
import type { Manifest } from '../aof/manifest.ts';
import { eachPart, readManifest } from '../aof/parts.ts';
import type { FileReport, FindingList } from '../aof/report.ts';
import { checkFile, type FileCheckOptions } from './check-file.ts';

export type PartOptions = Omit<FileCheckOptions, 'role' | 'part' | 'last'>;

/** Checks a multi-part AOF: its manifest, every part that a server would load in that order, and what else lies in the folder. */
export async function checkMultiPart(
  directory: string,
  manifestPath: string,
  findings: FindingList,
  options: PartOptions,
): Promise<FileReport[]> {
  const { manifest, size } = readManifest(manifestPath, findings);
  const reports: FileReport[] = [{ path: manifestPath, role: 'manifest', format: 'manifest', gzip: false, size }];
  await eachPart(manifestPath, manifest, findings, async (path, part, last) => {
    const role = part.type === 'b' ? 'base' : 'incr';
    reports.push((await checkFile(path, findings, { ...options, role, part: true, last })).report);
  });
  checkOthers(directory, manifestPath, manifest, findings);
  return reports;
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
