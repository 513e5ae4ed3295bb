import nodeFs from 'node:fs';
import type { FileSystem } from '../../src/io/open-folder.ts';

type Call = keyof FileSystem;

/**
 * The real file system, and something that happens right before a call: so a race is lost where the test wants it to be, without waiting.
 * `before` gets the name and the arguments of each call.
 */
export function hookedFileSystem(before: (name: Call, args: readonly unknown[]) => void): FileSystem {
  const fs: Record<string, unknown> = { ...nodeFs };
  const names: readonly Call[] = [
    'openSync',
    'writeSync',
    'fsyncSync',
    'renameSync',
    'unlinkSync',
    'linkSync',
    'mkdirSync',
    'rmdirSync',
    'fchmodSync',
    'fchownSync',
    'lstatSync',
  ];
  for (const name of names) {
    fs[name] = (...args: unknown[]) => {
      before(name, args);
      return (nodeFs[name] as (...args: unknown[]) => unknown)(...args);
    };
  }
  return fs as unknown as FileSystem;
}

/** Calls `act` once, before the first call for which `when` is true. */
export function once(when: (name: Call, args: readonly unknown[]) => boolean, act: () => void) {
  let isDone = false;
  const fs = hookedFileSystem((name, args) => {
    if (isDone || !when(name, args)) return;
    isDone = true;
    act();
  });
  return { fs, happened: () => isDone };
}
