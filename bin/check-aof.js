#!/usr/bin/env node
import { runTool } from './check-process.js';

await runTool('check-aof.js', 'runCheckAof');
