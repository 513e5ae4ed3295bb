import { isUnsupported } from '../findings.ts';
import type { Window } from '../io/window.ts';
import { foreignContent } from './foreign.ts';
import { sniffBytes } from './layout.ts';
import type { FindingList } from './report.ts';

/** What a file is that `sniff` calls foreign or wrapped, by the bytes at the front of its window. */
export function foreignOf(input: Window) {
  return foreignContent(input.bytes.subarray(input.position, Math.min(input.limit, input.position + sniffBytes)));
}

/** Adds what such a file is to the findings. Nothing of it is read as data. */
export function addForeign(findings: FindingList, path: string, input: Window): void {
  const content = foreignOf(input);
  const code = content?.kind === 'wrapped' ? 'input.wrapped' : 'input.foreign';
  findings.add(code, path, input.offset, {
    expected: 'an RDB, an AOF or a manifest',
    found: content?.what ?? 'other data',
  });
}

/** Why an operation stops for what is wrong in its input: damage, or something that is none. */
export function reasonOfErrors({ findings }: FindingList): string {
  const other = findings.find(
    ({ code, severity }) => severity === 'error' && (isUnsupported(code) || code.startsWith('input.')),
  );
  if (other === undefined) return 'the input is damaged: check says where';
  const found = other.code.startsWith('input.') && other.found !== undefined ? ` (${other.found})` : '';
  return `${other.file}: ${other.message}${found}`;
}
