/*
 * Bundles the script and the style of the memory page (src/operations/memory/page/client) into page.generated.ts, so that the page is one
 * file and needs nothing else.
 *
 *     npx tsx scripts/build-page.ts
 */
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const folder = path.join(import.meta.dirname, '..', 'src', 'operations', 'memory', 'page');

async function bundled(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, 'client', name)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    // Nothing in a script element may look like its end.
    charset: 'ascii',
    legalComments: 'none',
  });
  return outputFiles[0].text.trim().replaceAll('</', '<\\/');
}

const script = await bundled('main.ts');
const style = await bundled('style.css');
fs.writeFileSync(
  path.join(folder, 'page.generated.ts'),
  `// Made by scripts/build-page.ts (npm run generate:page) from client/ and d3-hierarchy (ISC licence, Mike Bostock).
export const pageScript = ${JSON.stringify(script)};
export const pageStyle = ${JSON.stringify(style)};
`,
);
