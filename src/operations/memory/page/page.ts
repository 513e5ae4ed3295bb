import { createHash } from 'node:crypto';
import type { MemoryResult } from '../memory.ts';
import { pageData } from './data.ts';
import { pageScript, pageStyle } from './page.generated.ts';

/**
 * One page that shows where memory goes: it needs no network and opens from the disk. Its policy lets nothing run and nothing load but what
 * is in it. `isComparison`: the second report is an earlier state of the first.
 */
export function memoryPage(reports: readonly MemoryResult[], isComparison: boolean): string {
  // Within a script element only `<` could end it or begin a comment.
  const data = JSON.stringify(pageData(reports, isComparison)).replaceAll('<', '\\u003c');
  const policy = `default-src 'none'; style-src '${hashOf(pageStyle)}'; script-src '${hashOf(pageScript)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Where the memory goes</title>
<style>${pageStyle}</style>
</head>
<body>
<noscript>This page shows its data with JavaScript.</noscript>
<div id="app"></div>
<script type="application/json" id="data">${data}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** As a Content-Security-Policy names a script or a style by its content. */
const hashOf = (content: string): string => `sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}`;
