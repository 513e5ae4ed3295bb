/** Entries and bytes an element up to which collections are kept compact, by default, in every release that is a target. */
export const compactLimits = {
  hashEntries: 512,
  hashValueBytes: 64,
  /** Lists before 3.2. */
  listEntries: 512,
  listValueBytes: 64,
  intsetEntries: 512,
  setEntries: 128,
  setValueBytes: 64,
  sortedSetEntries: 128,
  sortedSetValueBytes: 64,
  /** Bytes of a list's node (list-max-listpack-size -2). */
  listNodeBytes: 8192,
} as const;
