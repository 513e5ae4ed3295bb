/** Keeps account of MULTI and EXEC while an AOF is read: a loader runs what lies between them only at the EXEC. */
export class TransactionTracker {
  /** Offset of the MULTI that is open; -1 for none. */
  openOffset = -1;
  openOrdinal = 0;

  get open(): boolean {
    return this.openOffset >= 0;
  }

  /** A MULTI at `offset`; false if one is open already. */
  begin(offset: number, ordinal: number): boolean {
    if (this.openOffset >= 0) return false;
    this.openOffset = offset;
    this.openOrdinal = ordinal;
    return true;
  }

  /** An EXEC; false if no MULTI is open. */
  end(): boolean {
    if (this.openOffset < 0) return false;
    this.openOffset = -1;
    return true;
  }
}
