import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Path hashes, type 23 of Valkey from RDB 81 on (9.2): count × { path | count × { field | value } }.
 *
 * A server writes the paths in ascending order and takes them in any. What it refuses are a path without fields, a path twice and
 * a field twice (rdb.c of the release candidate); no paths at all make a key without any.
 */
export function checkPathHash(input: RdbInput, check: ValueCheck): void {
  const start = input.offset;
  const count = input.count('paths', 2);
  if (count === 0) check.warn('path-hash.empty', start, 'at least one path', 'none');
  // The fields of a path are read in between, and are not to be told apart from paths: a set for each.
  const paths = check.beginNested();
  for (let index = 0; index < count; index++) {
    check.uniqueString(input, 'path', { among: paths, code: 'path-hash.path.duplicate' });
    checkFields(input, check);
  }
}

function checkFields(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  const count = input.count('fields', 2);
  if (count === 0) check.fault('path-hash.path.empty', at, 'at least one field', 'a path without any');
  check.beginMembers();
  for (let index = 0; index < count; index++) {
    check.uniqueString(input, 'field', { code: 'path-hash.field.duplicate' });
    input.skipString();
  }
}
