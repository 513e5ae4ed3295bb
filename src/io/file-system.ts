import { Buffer, isUtf8 } from 'node:buffer';
import nodeFs from 'node:fs';

/*
 * A name in a file system is bytes, which need not be UTF-8, and Node's text of such a name is not the name of any file. Here a path
 * is a text in which a byte that is not part of valid UTF-8 is the lone surrogate U+DC00 + byte (U+DC80 to U+DCFF), as Python's
 * surrogateescape has it (PEP 383): joining and splitting paths works on it as on any text, and its bytes can be had back.
 */

const loneSurrogate = /[\udc80-\udcff]/u;
const surrogateBase = 0xdc00;

/** The text of a path. */
export function decodePath(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  for (let position = 0; position < buffer.length; ) {
    const length = sequenceLength(buffer, position);
    if (length === 0) text += String.fromCharCode(surrogateBase + buffer[position++]);
    else text += buffer.toString('utf8', position, (position += length));
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at `position`; 0 where there is none. */
function sequenceLength(bytes: Buffer, position: number): number {
  const first = bytes[position];
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return position + length <= bytes.length && isUtf8(bytes.subarray(position, position + length)) ? length : 0;
}

/** The bytes of a path. */
export function encodePath(path: string): Buffer {
  if (!loneSurrogate.test(path)) return Buffer.from(path, 'utf8');
  const pieces: Buffer[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    const isByte = code >= surrogateBase + 0x80 && code <= surrogateBase + 0xff;
    pieces.push(isByte ? Buffer.of(code - surrogateBase) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(pieces);
}

const hasNul = (path: nodeFs.PathLike): boolean => typeof path === 'string' && path.includes('\0');

/** What a call of node:fs takes for a path. No file has a name with NUL in it: that is an error as the system's are, not of the program. */
function native(path: nodeFs.PathLike): nodeFs.PathLike {
  if (hasNul(path))
    throw Object.assign(new Error('no file has a name with a NUL byte'), { code: 'EINVAL', errno: -22 });
  return typeof path === 'string' && loneSurrogate.test(path) ? encodePath(path) : path;
}

/** As `onPath`, and nothing is at a path that no file can have. */
function onStat<Call>(call: Call): Call {
  const untyped = onPath(call) as (path: nodeFs.PathLike, options?: { throwIfNoEntry?: boolean }) => unknown;
  return ((path: nodeFs.PathLike, options?: { throwIfNoEntry?: boolean }) =>
    options?.throwIfNoEntry === false && hasNul(path) ? undefined : untyped(path, options)) as Call;
}

type PathCall = (path: nodeFs.PathLike, ...rest: never[]) => unknown;
type TwoPathCall = (from: nodeFs.PathLike, to: nodeFs.PathLike, ...rest: never[]) => unknown;

function onPath<Call>(call: Call): Call {
  const untyped = call as PathCall;
  // biome-ignore lint/plugin: the arguments of a call of node:fs, which are few
  return ((path: nodeFs.PathLike, ...rest: never[]) => untyped(native(path), ...rest)) as Call;
}

function onTwoPaths<Call>(call: Call): Call {
  const untyped = call as TwoPathCall;
  return ((from: nodeFs.PathLike, to: nodeFs.PathLike, ...rest: never[]) =>
    // biome-ignore lint/plugin: the arguments of a call of node:fs, which are few
    untyped(native(from), native(to), ...rest)) as Call;
}

/** node:fs for such paths: what takes a path takes its bytes, and names come back as such texts. */
const fileSystem = Object.assign(Object.create(nodeFs) as typeof nodeFs, {
  accessSync: onPath(nodeFs.accessSync),
  chmodSync: onPath(nodeFs.chmodSync),
  chownSync: onPath(nodeFs.chownSync),
  copyFileSync: onTwoPaths(nodeFs.copyFileSync),
  existsSync: (path: nodeFs.PathLike) => !hasNul(path) && nodeFs.existsSync(native(path)),
  linkSync: onTwoPaths(nodeFs.linkSync),
  lstatSync: onStat(nodeFs.lstatSync),
  mkdirSync: onPath(nodeFs.mkdirSync),
  openSync: onPath(nodeFs.openSync),
  readFileSync: onPath(nodeFs.readFileSync),
  renameSync: onTwoPaths(nodeFs.renameSync),
  rmdirSync: onPath(nodeFs.rmdirSync),
  statSync: onStat(nodeFs.statSync),
  unlinkSync: onPath(nodeFs.unlinkSync),
  readdirSync: (path: nodeFs.PathLike) => nodeFs.readdirSync(native(path), { encoding: 'buffer' }).map(decodePath),
  readlinkSync: (path: nodeFs.PathLike) => decodePath(nodeFs.readlinkSync(native(path), { encoding: 'buffer' })),
  realpathSync: (path: nodeFs.PathLike) =>
    typeof path === 'string' && !loneSurrogate.test(path)
      ? nodeFs.realpathSync(path)
      : decodePath(nodeFs.realpathSync.native(native(path), { encoding: 'buffer' })),
});

/** What is at a path; undefined where nothing is, or what is there cannot be looked at (a link that leads back to itself, no permission). */
export function statIfAny(path: string): nodeFs.Stats | undefined {
  try {
    return fileSystem.statSync(path);
  } catch {
    return undefined;
  }
}

export default fileSystem;
