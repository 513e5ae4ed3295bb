/** What every library of the engine that servers bring along has: a call that registers a function, without which it is refused. */
const registers = /\b(redis|server)\s*\.\s*register_function\b/;
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/**
 * Whether a server may accept the code of a function library: its header names an engine and a library, and of Lua the rest is text
 * that registers a function. It is not compiled. Source: functionsCreateWithLibraryCtx and luaEngineCreate in the servers.
 */
export function isPlausibleLibrary(code: string): boolean {
  const header = /^#!(\w+)[ \t]+name=([A-Za-z0-9_]+)[ \t\r]*\n/.exec(code);
  if (header === null) return false;
  return header[1].toLowerCase() !== 'lua' || (!controls.test(code) && registers.test(code));
}
