/*
 * Real files with the answer of a real server, kept outside the repository (docs/testing.md): $AOFKIT_CORPUS names their folder.
 * Without it the tests that use them are skipped with a warning; with it they run, or fail where the folder does not hold them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { corpusDir } from './corpus-dir.ts';

export { corpusDir } from './corpus-dir.ts';

/** One file of the corpora, with what redis-server 8.6.3 said of it. */
export interface CorpusFile {
  readonly name: string;
  readonly path: string;
  /** DEBUG DIGEST after loading, 40 hex digits; undefined where the server refused the file. */
  readonly digest?: string;
  /** The server's reason, where it refused the file. */
  readonly refused?: string;
}

/** The recorded answer: a digest alone, or a digest with what the server logged, or why it refused. */
type Answer = string | { readonly digest?: string; readonly refused?: string };

/** Every file of one corpus folder that has a recorded answer, by name. */
function corpusFiles(dir: string): CorpusFile[] {
  const answers = JSON.parse(readFileSync(join(dir, 'digests.json'), 'utf8')) as Record<string, Answer>;
  return Object.entries(answers).map(([name, answer]) => {
    const { digest, refused } = typeof answer === 'string' ? { digest: answer, refused: undefined } : answer;
    return { name, path: join(dir, name), digest, refused };
  });
}

/** The 369 AOFs of Redis' own test suite. */
export function aofCorpus(dir: string): CorpusFile[] {
  return corpusFiles(join(dir, 'aof-from-test-suite'));
}

/** The RDB files of versions 1 to 12 and some that no server takes. */
export function rdbCorpus(dir: string): CorpusFile[] {
  const sets = readdirSync(join(dir, 'rdb')).sort();
  return sets.flatMap((set) =>
    corpusFiles(join(dir, 'rdb', set)).map((file) => ({ ...file, name: `${set}/${file.name}` })),
  );
}

/** A group of tests on the corpora; `body` gets their folder. `.ci/run` knows the title of the test that is skipped without them. */
export function describeWithCorpus(title: string, body: (dir: string) => void): void {
  const dir = corpusDir();
  if (dir === undefined) {
    describe(title, () => it.skip('needs the corpora', () => {}));
  } else if (existsSync(join(dir, 'aof-from-test-suite', 'digests.json'))) describe(title, () => body(dir));
  else describe(title, () => it('needs the corpora', () => expect.fail(`AOFKIT_CORPUS=${dir} holds no corpora`)));
}
