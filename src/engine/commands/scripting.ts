import { isWord } from '../../resp/arguments.ts';
import { parseLibraryHeader } from '../library-header.ts';
import type { Session } from '../session.ts';
import type { Family, Handler } from './family.ts';

const load: Handler = (session, frame) => {
  const replaces = frame.argc === 4 && isWord(frame, 2, 'REPLACE');
  if (frame.argc !== 3 && !replaces) return `ERR Unknown option given: ${frame.text(2)}`;
  return addLibrary(session, frame.text(frame.argc - 1), replaces);
};

function addLibrary(session: Session, code: string, replaces: boolean): string | undefined {
  const found = parseLibraryHeader(code);
  if (typeof found === 'string') return found;
  const libraries = session.dataset.libraries;
  if (libraries.has(found.name) && !replaces) return `ERR Library '${found.name}' already exists`;
  libraries.set(found.name, code);
  return undefined;
}

const deleteLibrary: Handler = (session, frame) =>
  session.dataset.libraries.delete(frame.text(2)) ? undefined : 'ERR Library not found';

const flushLibraries: Handler = (session, frame) => {
  if (frame.argc > 3)
    return `ERR unknown subcommand or wrong number of arguments for 'flush' command. Try FUNCTION HELP.`;
  if (frame.argc === 3 && !isWord(frame, 2, 'ASYNC') && !isWord(frame, 2, 'SYNC')) {
    return 'ERR FUNCTION FLUSH only supports SYNC|ASYNC option';
  }
  session.dataset.libraries.clear();
  return undefined;
};

/** FUNCTION RESTORE payload [FLUSH|APPEND|REPLACE]: all of it or nothing. */
const restoreLibraries: Handler = (session, frame) => {
  const flushes = frame.argc > 3 && isWord(frame, 3, 'FLUSH');
  const replaces = frame.argc > 3 && isWord(frame, 3, 'REPLACE');
  if (frame.argc > 4) return 'ERR unknown subcommand or wrong number of arguments for restore';
  if (frame.argc === 4 && !flushes && !replaces && !isWord(frame, 3, 'APPEND')) {
    return 'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.';
  }
  if (session.codec === undefined) throw new Error('FUNCTION RESTORE needs a codec');
  const codes = session.codec.functionPayload(frame.copy(2));
  if (typeof codes === 'string') return codes;
  const names: string[] = [];
  for (const code of codes) {
    const found = parseLibraryHeader(code);
    if (typeof found === 'string') return found;
    if (!flushes && !replaces && session.dataset.libraries.has(found.name)) {
      return `ERR Library ${found.name} already exists`;
    }
    names.push(found.name);
  }
  if (flushes) session.dataset.libraries.clear();
  for (const [index, code] of codes.entries()) session.dataset.libraries.set(names[index], code);
  return undefined;
};

/** SCRIPT LOAD and SCRIPT FLUSH change no data, only what a later EVALSHA means. */
const changeScripts: Handler = (session, frame) => {
  session.dataset.scriptChanges.push(frame.place());
  return undefined;
};

/** What a script or a function did is not in the log, only that it was called; whoever carries the call along needs the scripts. */
const runScript: Handler = (session, frame) => {
  for (const change of session.dataset.scriptChanges.splice(0)) session.opaque(change, 'script');
  return session.opaque(frame, 'script');
};
const callFunction: Handler = (session, frame) => session.opaque(frame, 'function');

/** Functions, which the dataset holds, and scripts, which only a server can run. */
export const scriptingFamily: Family = {
  name: 'scripting',
  commands: {
    'FUNCTION LOAD': { arity: -3, keys: [0, 0, 0], handler: load },
    'FUNCTION DELETE': { arity: 3, keys: [0, 0, 0], handler: deleteLibrary },
    'FUNCTION FLUSH': { arity: -2, keys: [0, 0, 0], handler: flushLibraries },
    'FUNCTION RESTORE': { arity: -3, keys: [0, 0, 0], handler: restoreLibraries },
    EVAL: { arity: -3, keys: [0, 0, 0], handler: runScript },
    EVALSHA: { arity: -3, keys: [0, 0, 0], handler: runScript },
    FCALL: { arity: -3, keys: [0, 0, 0], handler: callFunction },
    'SCRIPT LOAD': { arity: 3, keys: [0, 0, 0], handler: changeScripts },
    'SCRIPT FLUSH': { arity: -2, keys: [0, 0, 0], handler: changeScripts },
  },
};
