/**
 * A path hash (Valkey 9.2): paths, each with a hash of fields of its own. Paths are binary strings, the empty one included.
 */

import { HashValue } from './hash.ts';
import { type MapLike, mapWithRoom } from './sharded-map.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';

export class PathHashValue implements ObjectValue {
  readonly kind = Kind.PathHash;
  private paths: MapLike<HashValue> = new Map<string, HashValue>();

  /** Number of paths. */
  get count(): number {
    return this.paths.size;
  }

  copy(): PathHashValue {
    const copy = new PathHashValue();
    for (const [path, fields] of this.paths.entries()) copy.set(path, fields.copy());
    return copy;
  }

  /** Each field counts with its path; neither order matters (radixTypeDigest in Valkey's t_path_hash.c). */
  digest(sink: DigestSink): void {
    for (const [path, fields] of this.paths.entries()) {
      for (const [field, value] of fields.entries()) {
        sink.elementMix(path);
        sink.elementMix(field);
        sink.elementMix(value);
        sink.endElement();
      }
    }
  }

  /** The fields at a path; undefined where there are none. */
  get(path: string): HashValue | undefined {
    return this.paths.get(path);
  }

  /** The fields at a path, an empty hash where there were none: who calls this puts a field into it. */
  obtain(path: string): HashValue {
    const known = this.paths.get(path);
    if (known !== undefined) return known;
    const fields = new HashValue();
    this.set(path, fields);
    return fields;
  }

  set(path: string, fields: HashValue): void {
    this.paths = mapWithRoom(this.paths);
    this.paths.set(path, fields);
  }

  /** Removes a path with all its fields; true if it was there. */
  delete(path: string): boolean {
    return this.paths.delete(path);
  }

  /** Removes every path that begins with `prefix`; gives how many. */
  deletePrefix(prefix: string): number {
    const found = [...this.paths.keys()].filter((path) => path.startsWith(prefix));
    for (const path of found) this.paths.delete(path);
    return found.length;
  }

  /** Path and fields, by the bytes of the paths ascending: the order in which a server writes them. */
  *ordered(): IterableIterator<[path: string, fields: HashValue]> {
    // Binary strings: the order of their UTF-16 units is that of their bytes.
    for (const path of [...this.paths.keys()].sort(byUnits)) yield [path, this.paths.get(path)!];
  }
}

function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
