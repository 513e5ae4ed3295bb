/**
 * The server releases whose commands the catalogue lists, in one table: a new release is a line here, and its commands are in
 * scripts/generate-catalog.ts. Order decides the bit of a set, so the generated table is made anew after a change.
 */

/** `asked`: a server of this release told its commands; else they are the older release's and what its documentation adds. */
const table = [
  { name: 'redis-6.0', asked: true },
  { name: 'redis-7.0', asked: true },
  { name: 'redis-8.0', asked: true },
  { name: 'redis-8.6', asked: true },
  { name: 'redis-8.8', asked: false },
  { name: 'redis-8.10', asked: false },
  { name: 'redis-8.12', asked: false },
  { name: 'valkey-8.1', asked: true },
  { name: 'valkey-9.1', asked: true },
  { name: 'valkey-9.2', asked: false },
] as const;

export type Generation = (typeof table)[number]['name'];

/** Oldest first, Redis before Valkey. */
export const generations: readonly Generation[] = table.map(({ name }) => name);

/** Those that a server was asked for. */
export const askedGenerations: ReadonlySet<Generation> = new Set(
  table.filter(({ asked }) => asked).map(({ name }) => name),
);

/**
 * A set of generations: the sum of 2 to the power of each one's index in `generations`. A double holds 53 of them, where the operators
 * on bits end at 32.
 */
export type GenerationSet = number;

/** The set of these generations. */
export function generationSet(some: readonly Generation[]): GenerationSet {
  return some.reduce((set, one) => set + 2 ** generations.indexOf(one), 0);
}

/** Whether the set has the generation; false for a name that is none. */
export function hasGeneration(set: GenerationSet, generation: string): boolean {
  const index = generations.indexOf(generation as Generation);
  return index >= 0 && Math.floor(set / 2 ** index) % 2 === 1;
}

/** Whether the set has a generation whose name starts so: `redis-`, `valkey-9.`. */
export function hasGenerationOf(set: GenerationSet, start: string): boolean {
  return generations.some((one) => one.startsWith(start) && hasGeneration(set, one));
}
