import { isFunctionName } from '../engine/library-header.ts';
import type { Fork } from '../servers/value-type-id.ts';
import { BuiltIn, LuaError, LuaFunction, LuaTable, type LuaValue, ServerCrash, Undecided } from './lua-values.ts';

/** What a server gives to a library while it loads: tried on 7.0, 8.0, 8.6, Valkey 8.1 and 9.1 (test/functions). */
export interface ApiRules {
  readonly fork: Fork;
  /** The global `server`, an alias of `redis` (Valkey 8.0). */
  readonly hasServer: boolean;
  /** `log` ends the whole server while it loads (Valkey 9.1). */
  readonly logCrashes: boolean;
}

const flags = new Set(['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys', 'allow-busy']);

/** The globals, and the names of the functions that were registered with them. */
export function serverGlobals(rules: ApiRules): { globals: Map<string, LuaValue>; functions: Set<string> } {
  const functions = new Set<string>();
  const api = new LuaTable(true);
  const set = (name: string, value: LuaValue) => api.entries.set(name, value);
  for (const [level, name] of ['DEBUG', 'VERBOSE', 'NOTICE', 'WARNING'].entries()) set(`LOG_${name}`, level);
  set('REDIS_VERSION', '7.0.0');
  set('REDIS_VERSION_NUM', 0x70000);
  if (rules.fork === 'valkey') {
    set('SERVER_NAME', 'valkey');
    set('VALKEY_VERSION', '8.0.0');
    set('VALKEY_VERSION_NUM', 0x80000);
  }
  set('register_function', new BuiltIn((args) => register(args, functions)));
  set('log', new BuiltIn((args) => log(args, rules)));
  const globals = new Map<string, LuaValue>([['redis', api]]);
  if (rules.hasServer) globals.set('server', api);
  return { globals, functions };
}

function log(args: readonly LuaValue[], { logCrashes }: ApiRules): undefined {
  if (logCrashes) throw new ServerCrash('it calls redis.log while it loads, at which the server crashes');
  if (args.length < 2 || typeof args[0] !== 'number') throw new Undecided();
}

function register(args: readonly LuaValue[], functions: Set<string>): undefined {
  const [first] = args;
  if (args.length === 1 && first instanceof LuaTable) return registerTable(first, functions);
  if (args.length !== 2) throw new LuaError('wrong number of arguments to redis.register_function');
  add(first, args[1], functions);
}

function registerTable({ entries }: LuaTable, functions: Set<string>): undefined {
  for (const [key, value] of entries) {
    if (key === 'flags') checkFlags(value);
    else if (key !== 'function_name' && key !== 'callback' && key !== 'description')
      throw new LuaError(`unknown argument given to redis.register_function: ${String(key)}`);
  }
  add(entries.get('function_name'), entries.get('callback'), functions);
}

function checkFlags(value: LuaValue): void {
  if (!(value instanceof LuaTable)) throw new LuaError('flags of a function must be a table');
  for (const flag of value.entries.values()) {
    if (typeof flag !== 'string' || !flags.has(flag)) throw new LuaError(`unknown flag of a function: ${String(flag)}`);
  }
}

function add(name: LuaValue, callback: LuaValue, functions: Set<string>): void {
  if (typeof name === 'symbol' || typeof callback === 'symbol') throw new Undecided();
  const text = typeof name === 'number' ? String(name) : name;
  if (typeof text !== 'string') throw new LuaError('a function is registered without a name');
  if (!(callback instanceof LuaFunction)) throw new LuaError(`the function ${text} is registered without a callback`);
  if (!isFunctionName(text)) throw new LuaError(`a function cannot be called ${JSON.stringify(text)}`);
  if (functions.has(text)) throw new LuaError(`the function ${text} is registered twice`);
  functions.add(text);
}
