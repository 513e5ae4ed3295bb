#!/usr/bin/env node
import fs from 'node:fs';

const program = new URL('../dist/commands/shared/program.js', import.meta.url);
if (fs.existsSync(program)) {
  const { main } = await import(program.href);
  await main(process.argv.slice(2));
} else {
  process.stderr.write('aofkit is not built yet: run "npm run build", or use bin/dev.js\n');
  process.exitCode = 70;
}
