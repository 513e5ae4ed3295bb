#!/usr/bin/env node
import fs from 'node:fs';

if (fs.existsSync(new URL('../dist/commands', import.meta.url))) {
  const { execute } = await import('@oclif/core/execute');
  await execute({ dir: import.meta.url });
} else {
  process.stderr.write('aofkit is not built yet: run "npm run build", or use bin/dev.js\n');
  process.exitCode = 70;
}
