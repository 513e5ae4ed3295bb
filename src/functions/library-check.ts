import { type Chunk, parse } from 'luaparse';
import { parseLibraryHeader } from '../engine/library-header.ts';
import type { LibraryVerdict } from '../rdb/load-check.ts';
import { alwaysLooksDeep } from '../rdb/load-rules.ts';
import type { Target } from '../servers/targets.ts';
import { LuaEvaluator } from './lua-evaluator.ts';
import { LuaError, ServerCrash, Undecided } from './lua-values.ts';
import { type ApiRules, serverGlobals } from './server-api.ts';

/** Checks a library for servers of one release: its first line, its syntax, and what it does while it loads. */
export function checkLibrary(code: string, target: Target): LibraryVerdict {
  const header = parseLibraryHeader(code);
  if (typeof header === 'string') return refused('header', header.replace(/^ERR /, ''), '');
  const { engine, name, length } = header;
  if (engine.toLowerCase() !== 'lua') return refused('engine', `no engine is called ${JSON.stringify(engine)}`, name);
  const chunk = parsed(code.slice(length));
  if (typeof chunk === 'string') return refused('syntax', chunk, name);
  return evaluated(chunk, name, apiOf(target));
}

const refused = (what: string, reason: string, name: string): LibraryVerdict => ({
  outcome: 'refuses',
  code: `rdb.function.${what}`,
  reason,
  name,
  functions: [],
});

/** The syntax tree, or what is wrong. */
function parsed(code: string): Chunk | string {
  try {
    return parse(code, { luaVersion: '5.1', encodingMode: 'pseudo-latin1', comments: false });
  } catch (error) {
    if (error instanceof RangeError) return 'it is nested too deep';
    return error instanceof Error ? error.message : String(error);
  }
}

function apiOf(target: Target): ApiRules {
  const isValkey = target.fork === 'valkey';
  return {
    fork: target.fork,
    hasServer: isValkey && !target.version.startsWith('7.'),
    logCrashes: alwaysLooksDeep(target),
  };
}

function evaluated(chunk: Chunk, name: string, rules: ApiRules): LibraryVerdict {
  const { globals, functions } = serverGlobals(rules);
  try {
    new LuaEvaluator(globals).run(chunk);
    if (functions.size === 0) return refused('none', 'it registers no function', name);
    return { outcome: 'loads', code: '', reason: '', name, functions: [...functions] };
  } catch (error) {
    if (error instanceof ServerCrash) return refused('crash', error.message, name);
    if (error instanceof LuaError) return refused('error', error.message, name);
    if (!(error instanceof Undecided || error instanceof RangeError)) throw error;
    const reason = 'what it does while it loads can only be told by running it';
    return { outcome: 'unsure', code: 'rdb.function.undecided', reason, name, functions: [...functions] };
  }
}
