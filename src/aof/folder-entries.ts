import { UnreadableError } from '../errors.ts';
import type { FolderScan } from './folder-scan.ts';
import type { FindingList } from './report.ts';

/** Whether a folder holds neither data nor anything that could be data. */
export const isNothingThere = ({ members, unread, stray }: FolderScan): boolean =>
  members.length + unread.length + stray.length === 0;

export const nothingThere = (directory: string): UnreadableError =>
  new UnreadableError(
    directory,
    'ENODATA',
    `nothing there: ${directory} holds no AOF, no manifest and no RDB (--allow-empty takes that for sound)`,
  );

/** Findings on entries of a folder that were not checked, or lie where no server reads them. */
export function reportEntries({ unread, stray }: FolderScan, findings: FindingList): void {
  for (const { path, message, isData } of unread)
    findings.add(isData ? 'folder.data-unreadable' : 'folder.unreadable', path, 0, { found: message });
  for (const { path, why, temporary } of stray)
    findings.add(temporary ? 'folder.temporary' : 'folder.stray', path, 0, { found: why });
}
