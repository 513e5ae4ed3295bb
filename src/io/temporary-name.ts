import { createHash, randomBytes } from 'node:crypto';
import { codeOf, createNew, type FileSystem } from './open-folder.ts';

/** A name that is longer is shortened: what comes around it must fit into 255 bytes. */
const stemBytesMax = 190;

/** The part of a temporary name that tells what it stands for. */
function stemOf(name: string): string {
  if (Buffer.byteLength(name) <= stemBytesMax) return name;
  return `${name.slice(0, 40)}~${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** `.NAME.aofkit-RANDOM.tmp`: nobody can foretell it, and no two runs have the same. */
export function temporaryName(name: string, extension = 'tmp'): string {
  return `.${stemOf(name)}.aofkit-${randomBytes(8).toString('hex')}.${extension}`;
}

/** Whether `entry` is a temporary name for `name`, of this version or an earlier one, which had the number of a process in it. */
export function isTemporaryName(entry: string, name: string, extension = 'tmp'): boolean {
  const front = `.${stemOf(name)}.aofkit-`;
  const back = `.${extension}`;
  if (!entry.startsWith(front) || !entry.endsWith(back)) return false;
  return /^[0-9a-f]{1,16}$/.test(entry.slice(front.length, -back.length));
}

/** The name of the file that keeps other runs of aofkit away from `name`. */
export const lockName = (name: string): string => `.${stemOf(name)}.aofkit-lock`;

/** Creates a file that only this user may read, under a new temporary name for `name`. Throws what `openSync` throws. */
export function createTemporary(
  name: string,
  at: (name: string) => string,
  fs: FileSystem,
  extension = 'tmp',
): { readonly name: string; readonly descriptor: number } {
  for (let tries = 0; ; tries++) {
    const temporary = temporaryName(name, extension);
    try {
      return { name: temporary, descriptor: fs.openSync(at(temporary), createNew, 0o600) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries === 10) throw error;
    }
  }
}
