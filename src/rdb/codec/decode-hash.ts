/**
 * Hashes from their RDB forms; the layouts are in ../values/hash.ts.
 */

import { decodeListpack } from '../../encodings/listpack.ts';
import { decodeZipmap } from '../../encodings/zipmap.ts';
import { HashValue } from '../../values/hash.ts';
import { PathHashValue } from '../../values/path-hash.ts';
import type { ValueCursor } from './cursor.ts';
import { type BlobForm, ElementWalk } from './element-walk.ts';

/** Field lists by id: what a file's HASH_TEMPLATE records say. */
export type HashTemplates = ReadonlyMap<bigint, readonly string[]>;

export class HashDecoder {
  templates: HashTemplates = new Map();
  private readonly cursor: ValueCursor;
  private readonly walk = new ElementWalk();

  constructor(cursor: ValueCursor) {
    this.cursor = cursor;
  }

  /** Type 4. */
  hashtable(): HashValue {
    const { cursor } = this;
    const count = cursor.count(2);
    const hash = new HashValue(count);
    for (let index = 0; index < count; index++) hash.set(cursor.sharedText(), cursor.text());
    return hash;
  }

  /** Type 9. */
  zipmap(): HashValue {
    const { cursor } = this;
    cursor.blob();
    const texts = decodeZipmap(cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
    const hash = new HashValue(texts.length / 2);
    for (let index = 0; index < texts.length; index += 2) hash.set(texts[index], texts[index + 1]);
    return hash;
  }

  /** Types 13 and 16. */
  compact(form: BlobForm): HashValue {
    const { walk, cursor } = this;
    const hash = new HashValue();
    walk.begin(cursor, form);
    while (walk.next()) {
      const field = walk.sharedText(cursor.interner);
      hash.set(field, walk.partner());
    }
    return hash;
  }

  /** Redis' type 22 (7.4's release candidates): expiry before each field. */
  preRelease(): HashValue {
    return this.withExpiries(() => this.cursor.length());
  }

  /** Type 24: expiries count from the earliest. */
  hashtableExpiry(): HashValue {
    const earliest = this.cursor.int64();
    return this.withExpiries(() => {
      const relative = this.cursor.length();
      return relative === 0 ? 0 : earliest + relative - 1;
    });
  }

  private withExpiries(readExpiry: () => number): HashValue {
    const { cursor } = this;
    const count = cursor.count(3);
    const hash = new HashValue(count);
    for (let index = 0; index < count; index++) {
      const expiry = readExpiry();
      const field = cursor.sharedText();
      hash.set(field, cursor.text());
      if (expiry !== 0) hash.expire(field, expiry);
    }
    return hash;
  }

  /** Valkey's 22: expiry after each value, -1 for none. */
  valkeyHashtable(): HashValue {
    const { cursor } = this;
    const count = cursor.count(10);
    const hash = new HashValue(count);
    for (let index = 0; index < count; index++) {
      const field = cursor.sharedText();
      hash.set(field, cursor.text());
      const expiry = cursor.int64();
      if (expiry !== -1) hash.expire(field, expiry);
    }
    return hash;
  }

  /** Valkey's 23: paths, each with fields of its own. */
  pathHash(): PathHashValue {
    const { cursor } = this;
    const value = new PathHashValue();
    for (let paths = cursor.count(2); paths > 0; paths--) {
      const path = cursor.text();
      if (value.get(path) !== undefined)
        cursor.fail('path-hash.path.duplicate', 'each path once', JSON.stringify(path));
      value.set(path, this.pathFields());
    }
    return value;
  }

  private pathFields(): HashValue {
    const { cursor } = this;
    const count = cursor.count(2);
    if (count === 0) cursor.fail('path-hash.path.empty', 'at least one field', 'a path without any');
    const fields = new HashValue(count);
    for (let index = 0; index < count; index++) {
      const field = cursor.sharedText();
      if (!fields.set(field, cursor.text())) {
        cursor.fail('path-hash.field.duplicate', 'each field once', JSON.stringify(field));
      }
    }
    return fields;
  }

  /** Types 23 and, with the earliest expiry before the blob, 25. */
  compactExpiry(hasEarliest: boolean): HashValue {
    const { walk, cursor } = this;
    if (hasEarliest) cursor.int64();
    const hash = new HashValue();
    walk.begin(cursor, 'listpack');
    while (walk.next()) {
      const field = walk.sharedText(cursor.interner);
      hash.set(field, walk.partner());
      const expiry = Number(walk.partner());
      if (expiry !== 0) hash.expire(field, expiry);
    }
    return hash;
  }

  /** Types 29 (listpack) and 31 (strings): the fields come with the value. */
  ownTemplate(valuesForm: 'listpack' | 'strings'): HashValue {
    const { cursor } = this;
    const form = cursor.length();
    let fields: string[] = [];
    if (form === 0) {
      cursor.blob();
      fields = decodeListpack(cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
    } else if (form === 1) for (let left = cursor.count(); left > 0; left--) fields.push(cursor.text());
    else cursor.fail('hash.template.fields', 'a form 0 (listpack) or 1 (strings)', String(form));
    if (valuesForm === 'strings') return this.stringValues(fields);
    cursor.blob();
    const values = decodeListpack(cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
    return this.zip(fields, values);
  }

  /** Type 30: the template's id is the listpack's first element. */
  templateListpack(): HashValue {
    const { cursor } = this;
    cursor.blob();
    const values = decodeListpack(cursor.blobBytes, cursor.blobStart, cursor.blobEnd);
    return this.zip(this.template(/^[0-9]+$/.test(values[0]) ? BigInt(values[0]) : -1n), values);
  }

  /** Type 32. */
  templateArray(): HashValue {
    return this.stringValues(this.template(BigInt(this.cursor.unsigned())));
  }

  private template(id: bigint): readonly string[] {
    const fields = this.templates.get(id);
    return fields ?? this.cursor.fail('hash.template.unknown', 'the id of a template of this file', String(id));
  }

  private stringValues(fields: readonly string[]): HashValue {
    const hash = new HashValue(fields.length);
    for (const field of fields) hash.set(field, this.cursor.text());
    return hash;
  }

  /** `values` begins with the id, which says nothing here. */
  private zip(fields: readonly string[], values: readonly string[]): HashValue {
    if (values.length !== fields.length + 1) {
      this.cursor.fail('listpack.template.count', `${fields.length} values`, String(values.length - 1));
    }
    const hash = new HashValue(fields.length);
    for (let index = 0; index < fields.length; index++) hash.set(fields[index], values[index + 1]);
    return hash;
  }
}
