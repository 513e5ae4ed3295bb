/**
 * Commands on path hashes (Valkey 9.2). A path goes with its last field, the key with its last path: so does the release, where its
 * candidates left an empty key. From the sources: no server that has them was at hand.
 */
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { PathHashValue } from '../../values/path-hash.ts';
import { Kind } from '../../values/value.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family, Handler } from './family.ts';

/** A path's fields among the arguments: `count` pairs of field and value from argument `first` on. */
interface PathFields {
  readonly path: number;
  readonly first: number;
  readonly count: number;
}

function pathHashAt(session: Session, frame: CommandView): PathHashValue | undefined | string {
  return session.read<PathHashValue>(frame, 1, Kind.PathHash);
}

/** FIELDS n field value … at argument `index`, of the path at argument `path`; a string is the error reply. */
function fieldsAt(frame: CommandView, path: number, index: number): PathFields | string {
  if (index + 1 >= frame.argc || !isWord(frame, index, 'FIELDS')) return replies.syntaxError;
  const count = integerArgument(frame, index + 1);
  if (!(count >= 1)) return 'ERR value is out of range';
  return index + 2 + 2 * count > frame.argc ? replies.syntaxError : { path, first: index + 2, count };
}

function setFields(session: Session, frame: CommandView, all: readonly PathFields[]): void {
  const found = pathHashAt(session, frame);
  const value = found instanceof PathHashValue ? found : new PathHashValue();
  if (found === undefined) session.add(frame, 1, value);
  for (const { path, first, count } of all) {
    const fields = value.obtain(frame.text(path));
    for (let index = first; index < first + 2 * count; index += 2) {
      fields.set(session.intern(frame, index), frame.text(index + 1));
    }
  }
}

/** PHSET key path [FNX|FXX] FIELDS n field value …: FNX wants none of the fields there, FXX all. */
const set: Handler = (session, frame) => {
  const isConditional = isWord(frame, 3, 'FNX') || isWord(frame, 3, 'FXX');
  const wanted = isWord(frame, 3, 'FXX');
  const fields = fieldsAt(frame, 2, isConditional ? 4 : 3);
  if (typeof fields === 'string') return fields;
  if (fields.first + 2 * fields.count !== frame.argc) return replies.syntaxError;
  const found = pathHashAt(session, frame);
  if (typeof found === 'string') return found;
  if (isConditional) {
    const known = found?.get(frame.text(2));
    for (let index = fields.first; index < frame.argc; index += 2) {
      if ((known?.has(frame.text(index)) ?? false) !== wanted) return undefined;
    }
  }
  setFields(session, frame, [fields]);
  return undefined;
};

/** PHMSET key path FIELDS n field value … [path FIELDS …] …: all is read before anything changes. */
const setMany: Handler = (session, frame) => {
  const all: PathFields[] = [];
  for (let index = 2; index < frame.argc; ) {
    const fields = fieldsAt(frame, index, index + 1);
    if (typeof fields === 'string') return fields;
    all.push(fields);
    index = fields.first + 2 * fields.count;
  }
  const found = pathHashAt(session, frame);
  if (typeof found === 'string') return found;
  setFields(session, frame, all);
  return undefined;
};

/** PHDEL key path [field …]: without fields the whole path. */
const remove: Handler = (session, frame) => {
  const value = pathHashAt(session, frame);
  if (value === undefined || typeof value === 'string') return value;
  const path = frame.text(2);
  const fields = value.get(path);
  if (fields === undefined) return undefined;
  for (let index = 3; index < frame.argc; index++) fields.delete(frame.text(index));
  if (frame.argc === 3 || fields.count === 0) value.delete(path);
  session.removeIfEmpty(frame, 1, value);
  return undefined;
};

/** PHDELPREFIX key prefix: every path that begins so. */
const removePrefix: Handler = (session, frame) => {
  const value = pathHashAt(session, frame);
  if (value === undefined || typeof value === 'string') return value;
  if (value.deletePrefix(frame.text(2)) > 0) session.removeIfEmpty(frame, 1, value);
  return undefined;
};

const oneKey = [1, 1, 1] as const;

export const pathHashFamily: Family = {
  name: 'path-hash',
  commands: {
    PHDEL: { arity: -3, keys: oneKey, handler: remove, fork: 'valkey' },
    PHDELPREFIX: { arity: 3, keys: oneKey, handler: removePrefix, fork: 'valkey' },
    PHMSET: { arity: -7, keys: oneKey, handler: setMany, fork: 'valkey' },
    PHSET: { arity: -7, keys: oneKey, handler: set, fork: 'valkey' },
  },
};
