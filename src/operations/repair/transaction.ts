import type { Region } from './plan.ts';
import { region } from './regions.ts';

/**
 * The transaction that is open while a damaged log is read. What a gap within it means depends on what comes after:
 *
 *     MULTI a [gap] b EXEC       it lost a part: the rest stays one transaction
 *     MULTI a [gap] b MULTI …    it lost its end, in the gap: nobody knows whether a was executed, so it goes; b is kept
 *     MULTI a [gap] b (the end)  likewise
 *     MULTI a (the end)          torn: it goes
 */
export class OpenTransaction {
  /** Where the first gap within it begins; -1 for none. */
  gapFrom = -1;
  private openOffset = -1;
  private commandsBefore = 0;
  private commandsAtGap = 0;
  private readonly regions: Region[];

  /** `regions`: where a transaction that is lost is put. */
  constructor(regions: Region[]) {
    this.regions = regions;
  }

  get open(): boolean {
    return this.openOffset >= 0;
  }

  /** A MULTI at `offset` after so many commands. */
  begin(offset: number, commandsBefore: number): void {
    this.openOffset = offset;
    this.commandsBefore = commandsBefore;
    this.gapFrom = -1;
  }

  /** An EXEC; false if no MULTI is open. */
  close(): boolean {
    const { open } = this;
    this.openOffset = this.gapFrom = -1;
    return open;
  }

  /** A bad region that begins at `offset` after so many commands. */
  noteGap(offset: number, commands: number): void {
    if (!this.open || this.gapFrom >= 0) return;
    this.gapFrom = offset;
    this.commandsAtGap = commands;
  }

  /** It never ends: what it queued up to its first gap, or up to `end`, goes. */
  lose(end: number, commands: number): void {
    const to = this.gapFrom < 0 ? end : this.gapFrom;
    const queued = (this.gapFrom < 0 ? commands : this.commandsAtGap) - this.commandsBefore;
    const more = { commands: queued, damage: true };
    this.regions.push(
      region(this.openOffset, to - this.openOffset, 'aof.transaction.unclosed', 'a MULTI has no EXEC', more),
    );
    this.close();
  }
}
