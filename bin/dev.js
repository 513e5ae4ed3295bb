#!/usr/bin/env node
// Runs from the TypeScript sources, without a build.
import { register } from 'tsx/esm/api';

register();
const { Config, execute, settings } = await import('@oclif/core');
// oclif's own transpilation would fall back to dist without a word.
settings.enableAutoTranspile = false;
const root = new URL('..', import.meta.url).pathname;
const config = await Config.load({
  root,
  ignoreManifest: true,
  pjson: undefined,
});
config.pjson.oclif.commands = { strategy: 'pattern', target: './commands', globPatterns: ['*.ts'] };
await execute({ dir: import.meta.url, loadOptions: config });
