#!/usr/bin/env node
// Runs from the TypeScript sources, whether there is a build or not.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execute, Plugin, settings } from '@oclif/core';
import { register } from 'tsx/esm/api';

register();
// oclif's own transpilation, and the manifest of an older build, would lead to dist without a word: it is told where the sources are.
settings.enableAutoTranspile = false;
const root = fileURLToPath(new URL('..', import.meta.url));
const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
pjson.oclif.commands = { ...pjson.oclif.commands, target: './commands', globPatterns: ['*.ts'] };
const plugin = new Plugin({ isRoot: true, pjson, root, ignoreManifest: true });
await plugin.load();
await execute({ loadOptions: { root, pjson, plugins: new Map([[plugin.name, plugin]]) } });
