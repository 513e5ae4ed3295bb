/* At the end of a run, in one place: what was skipped for want of a server, of the corpora or of a browser, and how to have it run. */

import { chromiumPath } from './chromium-path.ts';
import { corpusAdvice, corpusDir } from './corpus-dir.ts';
import { findServer, serverNames, serversDir } from './server-process.ts';

export default function summary(): () => void {
  return () => {
    const missing = serverNames.filter((name) => findServer(name) === undefined);
    const lines: string[] = [];
    if (missing.length > 0)
      lines.push(`tests with ${missing.join(', ')}: none in ${serversDir()}; set AOFKIT_SERVERS (docs/testing.md)`);
    if (corpusDir() === undefined) lines.push(`tests on the corpora: ${corpusAdvice}`);
    if (chromiumPath === undefined)
      lines.push('tests of the memory page: no Chromium; install it, or name one in AOFKIT_CHROMIUM (docs/testing.md)');
    for (const line of lines) process.stderr.write(`SKIPPED: ${line}\n`);
  };
}
