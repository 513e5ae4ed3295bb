import nodePath from 'node:path';
import { listFolder, partName } from '../../aof/layout.ts';
import { formatManifest, type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import { minOf } from '../../arrays.ts';
import { readSmallFile } from '../../io/small-file.ts';

/** What a manifest should say, and why. */
export interface ManifestPlan {
  readonly path: string;
  /** Whether it was there. */
  readonly exists: boolean;
  /** Base and increments in the order of loading, then history. All of them are there, but for history. */
  readonly parts: readonly ManifestPart[];
  readonly changed: boolean;
  readonly reasons: readonly string[];
  /** A base that it named is gone and no other took its place: nobody knows what was in it. */
  readonly baseLost: boolean;
  /** Parts that it names, but for history, and whose files are gone. */
  readonly gone: readonly string[];
}

/**
 * Rebuilds the manifest of a multi-part AOF from what is left of it and from the files beside it. `manifest`: its path, or
 * undefined where there is none. Throws UnreadableError.
 */
export function planManifest(directory: string, manifest: string | undefined, adopt: boolean): ManifestPlan {
  return new ManifestPlanner(directory, manifest).run(adopt);
}

/** Reasons that are given one by one. */
const reasonsMax = 100;

class ManifestPlanner {
  private readonly path: string;
  private readonly exists: boolean;
  private readonly names: readonly string[];
  private readonly reasons: string[] = [];
  private readonly read: readonly ManifestPart[];
  private readonly damaged: boolean;
  private readonly prefix: string;

  constructor(directory: string, manifest: string | undefined) {
    this.names = listFolder(directory);
    this.prefix = manifest === undefined ? commonPrefix(this.names) : nodePath.basename(manifest, '.manifest');
    this.path = manifest ?? missingManifest(directory, this.names);
    this.exists = manifest !== undefined;
    const { parts, faults } = parseManifest(manifest === undefined ? Buffer.from('#\n') : readSmallFile(manifest));
    for (const { line, reason } of faults) this.reasons.push(`line ${line}: ${reason}`);
    if (manifest === undefined) this.reasons.push('there is no manifest');
    this.damaged = this.reasons.length > 0;
    this.read = parts;
  }

  run(adopt: boolean): ManifestPlan {
    const there = this.presentParts();
    const base = this.chooseBase(there, adopt);
    const increments = this.chooseIncrements(there, base, adopt);
    const history = this.read.filter(({ type }) => type === 'h');
    const baseLost = base === undefined && this.read.some(({ type }) => type === 'b');
    if (baseLost) this.reasons.push('its base is gone');
    const parts = [...(base === undefined ? [] : [base]), ...increments, ...history];
    const { path, exists } = this;
    const reasons = this.reasons.slice(0, reasonsMax);
    if (this.reasons.length > reasonsMax) reasons.push(`and ${this.reasons.length - reasonsMax} more`);
    const isGone = ({ type, name }: ManifestPart) => type !== 'h' && !this.names.includes(name);
    const gone = [...new Set(this.read.filter(isGone).map(({ name }) => name))];
    return { path, exists, parts, changed: reasons.length > 0, reasons, baseLost, gone };
  }

  /** Parts whose files are there, each once. */
  private presentParts(): ManifestPart[] {
    const found: ManifestPart[] = [];
    for (const part of this.read) {
      if (part.type === 'h') continue;
      if (!this.names.includes(part.name)) this.reasons.push(`${part.name} is gone`);
      else if (found.some(({ name }) => name === part.name)) this.reasons.push(`${part.name} was named twice`);
      else found.push(part);
    }
    return found;
  }

  /** Files by the names of parts that no line names. */
  private orphans(kind: 'base' | 'incr'): ManifestPart[] {
    const named = new Set(this.read.map(({ name }) => name));
    const found: ManifestPart[] = [];
    for (const name of this.names) {
      const match = partName.exec(name);
      if (match === null || named.has(name) || match[1] !== this.prefix || match[3] !== kind) continue;
      if (this.isVersionOfAnother(name)) continue;
      found.push(partOf(name, Number(match[2]), kind === 'base' ? 'b' : 'i'));
    }
    return found.sort((a, b) => a.sequence - b.sequence);
  }

  /**
   * Whether a file is what a repair was killed at: the part that it should have replaced, or should replace (`successorName`), is
   * named by the manifest, or is there.
   */
  private isVersionOfAnother(name: string): boolean {
    const others = this.names.filter((other) => other !== name && withoutZeros(other) === withoutZeros(name));
    return others.some((other) => other.length < name.length || this.read.some((part) => part.name === other));
  }

  private chooseBase(there: readonly ManifestPart[], adopt: boolean): ManifestPart | undefined {
    const bases = there.filter(({ type }) => type === 'b').sort((a, b) => a.sequence - b.sequence);
    const chosen = bases.at(-1);
    for (const { name } of bases.slice(0, -1)) this.reasons.push(`${name} is an older base: left aside`);
    if (chosen !== undefined || !(this.damaged || adopt || this.read.some(({ type }) => type === 'b'))) return chosen;
    const orphan = this.orphans('base').at(-1) ?? this.upgradedFile();
    if (orphan !== undefined) this.reasons.push(`${orphan.name} is taken for the base`);
    return orphan;
  }

  /** Before 7.0 there was one file: a server that was upgraded names it as the first base, under its old name. */
  private upgradedFile(): ManifestPart | undefined {
    const isTaken = this.read.some(({ name }) => name === this.prefix);
    return this.names.includes(this.prefix) && !isTaken ? partOf(this.prefix, 1, 'b') : undefined;
  }

  private chooseIncrements(
    there: readonly ManifestPart[],
    base: ManifestPart | undefined,
    adopt: boolean,
  ): ManifestPart[] {
    const listed = there.filter(({ type }) => type === 'i');
    const found = [...listed];
    if (this.damaged || adopt) {
      // A server begins a new increment with each new base, so that an older one belongs to an older base.
      const least = adopt
        ? 0
        : minOf(
            listed.map(({ sequence }) => sequence),
            base?.sequence ?? 0,
          );
      for (const orphan of this.orphans('incr')) {
        if (orphan.sequence < least) continue;
        found.push(orphan);
        this.reasons.push(`${orphan.name} is taken in`);
      }
    }
    return this.ordered(found, listed.length !== found.length);
  }

  /** Sequence numbers must ascend: those in the names tell the order where they do not. */
  private ordered(parts: readonly ManifestPart[], mixed: boolean): ManifestPart[] {
    const ascends = parts.every(({ sequence }, index) => sequence > (index === 0 ? 0 : parts[index - 1].sequence));
    if (ascends) return [...parts];
    const numbers = parts.map(({ name }) => Number(partName.exec(name)?.[2] ?? Number.NaN));
    const byName = !numbers.some(Number.isNaN) && new Set(numbers).size === numbers.length;
    const numbered = byName
      ? parts.map((part, index) => ({ ...part, sequence: numbers[index], exactSequence: undefined }))
      : [...parts];
    numbered.sort((a, b) => a.sequence - b.sequence);
    let last = 0;
    for (const [index, part] of numbered.entries()) {
      if (part.sequence <= last) numbered[index] = { ...part, sequence: last + 1, exactSequence: undefined };
      last = numbered[index].sequence;
    }
    if (!mixed) this.reasons.push('the sequence numbers did not ascend');
    return numbered;
  }
}

function partOf(name: string, sequence: number, type: 'b' | 'i'): ManifestPart {
  return { name, sequence: Math.max(sequence, 1), type, extra: [], line: 0, offset: 0 };
}

const withoutZeros = (name: string) =>
  name.replace(partName, (_, stem, digits, kind, extension) => `${stem}.${Number(digits)}.${kind}.${extension}`);

/**
 * A name for what takes a part's place beside it: the same number with one more zero before it. So the names tell the order of parts
 * as before, no name is one that a server will want for its next part, and of two with the same number the longer is the later one.
 */
export function successorName(part: ManifestPart, prefix: string, isTaken: (name: string) => boolean): string {
  const match = partName.exec(part.name);
  const [, stem, digits, kind, extension] = match ?? [
    '',
    prefix,
    part.sequence,
    part.type === 'b' ? 'base' : 'incr',
    'aof',
  ];
  for (let number = match === null ? `${digits}` : `0${digits}`; ; number = `0${number}`) {
    const name = `${stem}.${number}.${kind}.${extension}`;
    if (!isTaken(name)) return name;
  }
}

/** What the manifest would be called that parts without one need. */
export function missingManifest(directory: string, names: readonly string[]): string {
  return nodePath.join(directory, `${commonPrefix(names)}.manifest`);
}

/** The prefix that most parts in a folder have. */
function commonPrefix(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const prefix = partName.exec(name)?.[1];
    if (prefix !== undefined) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'appendonly.aof';
}

/** The manifest's text for these parts. */
export function manifestText(parts: readonly ManifestPart[]): Buffer {
  return Buffer.from(formatManifest(parts), 'latin1');
}
