#!/usr/bin/env node
// Runs from the TypeScript sources, whether there is a build or not.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('../commands/shared/program.ts');
await main(process.argv.slice(2));
