/*
 * Objects as tables of names that come from a file: `constructor`, `__proto__` and the like are names as any other.
 */

/** A record without anything that every object has. */
export function emptyRecord<V>(): Record<string, V> {
  return Object.create(null) as Record<string, V>;
}

/** What the record itself has under a name. */
export function lookUp<V>(record: Readonly<Record<string, V | undefined>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
