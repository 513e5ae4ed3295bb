import { append } from '../../arrays.ts';
import type { AtomicFile } from '../../io/atomic-file.ts';
import type { BackgroundWriter } from '../../io/background-writer.ts';
import type { Piece, Region } from './plan.ts';
import { orderRegions, piecesOf } from './regions.ts';

/** Has another thread append pieces of an open file to a new one. */
export function copyBehind(
  behind: BackgroundWriter,
  file: AtomicFile,
  descriptor: number,
  pieces: readonly Piece[],
): void {
  const sink = behind.sink(file, false);
  for (const piece of pieces) {
    if (piece.kind === 'copy') behind.copy(file, descriptor, piece.offset, piece.length);
    else if (piece.kind === 'bytes') sink.write(piece.bytes);
    else throw new Error('only a reading can make the end of an RDB');
  }
}

/**
 * The result of a salvage of a log, written by another thread while the log is still read: under its temporary name, so that nothing
 * is lost if the plan turns out to be another. It is used only if it is the front of what the plan wants.
 */
export class Draft {
  private readonly open: () => AtomicFile;
  private readonly behind: () => BackgroundWriter;
  private readonly eager: boolean;
  private readonly regions: Region[] = [];
  private file: AtomicFile | undefined;
  /** Offset in the damaged file up to which it is written. */
  private done = 0;

  /** `eager`: the file is wanted even if nothing is wrong; else it is begun at the first damage. */
  constructor(open: () => AtomicFile, behind: () => BackgroundWriter, eager: boolean) {
    this.open = open;
    this.behind = behind;
    this.eager = eager;
  }

  /** What was read up to `upTo` is settled. `regions`: all so far. Throws UnwritableError. */
  advance(descriptor: number, upTo: number, regions: readonly Region[]): void {
    if (!this.eager && regions.length === 0) return;
    this.file ??= this.open();
    const fresh: Region[] = [];
    for (let index = regions.length - 1; index >= 0 && regions[index].offset >= this.done; index--) {
      if (regions[index].offset < upTo) fresh.push(regions[index]);
    }
    const ordered = orderRegions(fresh);
    copyBehind(this.behind(), this.file, descriptor, piecesOf(upTo, ordered, this.done));
    append(this.regions, ordered);
    this.done = upTo;
  }

  /** The file and how far it is written, if it is the front of the result without `regions`; whoever takes it finishes it. */
  take(regions: readonly Region[]): { readonly file: AtomicFile; readonly done: number } | undefined {
    const { file, done } = this;
    const before = regions.filter(({ offset }) => offset < done);
    if (file === undefined || before.length !== this.regions.length) return undefined;
    const fits = before.every((region, index) => isSame(region, this.regions[index]) && endOf(region) <= done);
    if (!fits) return undefined;
    this.file = undefined;
    return { file, done };
  }

  /** Removes what nobody took. Never throws. */
  abandon(): void {
    if (this.file === undefined) return;
    this.behind().stop();
    this.file.abandon();
    this.file = undefined;
  }
}

const endOf = ({ offset, length }: Region) => offset + length;

const isSame = (a: Region, b: Region): boolean =>
  a.offset === b.offset && a.length === b.length && a.replacement === b.replacement;
