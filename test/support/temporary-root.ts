import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/*
 * Global setup of vitest: all temporary folders of a run lie in one, which is removed when the run ends, whichever test was killed, timed
 * out or left a folder. What a run left that was itself killed is removed a day later.
 */
const prefix = 'aofkit-run-';
const day = 24 * 60 * 60 * 1000;

export default function useTemporaryRoot(): () => void {
  const { TMPDIR: before } = process.env;
  const parent = os.tmpdir();
  removeStale(parent);
  const root = fs.mkdtempSync(path.join(parent, prefix));
  // As of /tmp: some tests run commands as another user.
  fs.chmodSync(root, 0o1777);
  process.env.TMPDIR = root;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    remove(root);
  };
}

function removeStale(parent: string): void {
  for (const name of fs.readdirSync(parent)) {
    const folder = path.join(parent, name);
    const status = name.startsWith(prefix) ? fs.lstatSync(folder, { throwIfNoEntry: false }) : undefined;
    if (status?.isDirectory() && status.uid === process.getuid?.() && Date.now() - status.mtimeMs > day) remove(folder);
  }
}

/** A server that was just killed may still make a file there. */
function remove(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch (error) {
    console.warn(`${folder} cannot be removed: ${(error as Error).message}`);
  }
}
