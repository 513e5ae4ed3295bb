/*
 * Every file of the corpora that a server loaded: the recorded digest, and after a rewrite to each layout what a real server
 * says of it. All of them with AOFKIT_LONG_TESTS=1, else every RDB and a sample of the AOFs.
 */
import { expect, it } from 'vitest';
import { digest } from '../../src/index.ts';
import { aofCorpus, type CorpusFile, describeWithCorpus, rdbCorpus } from '../support/corpus.ts';
import { describeWithServer } from '../support/servers.ts';
import { LoadingServer } from './loader.ts';
import { expectStable, formats, isLong, rewritten } from './outputs.ts';

/** Every so many AOFs are taken; the first differs from run to run with AOFKIT_SEED. */
const sampleStep = isLong ? 1 : 8;
const sampleStart = Number(process.env.AOFKIT_SEED ?? 0) % sampleStep;
/** They hold pending entries of deleted messages, which commands cannot carry. */
const aofsWithDeletedPending = ['00156.aof', '00162-c261.aof'];
/** All its keys have expired: a server drops them from a plain RDB and keeps them while it loads an AOF. */
const expiredRdb = 'redis-rdb-tools/keys_with_expiry.rdb';
const timeout = 600_000;

const isLoadable = (file: CorpusFile) => file.digest !== undefined;

function sampled(files: CorpusFile[]): CorpusFile[] {
  const wanted = (name: string) => aofsWithDeletedPending.includes(name);
  return files.filter(({ name }, index) => index % sampleStep === sampleStart || wanted(name));
}

describeWithCorpus('the corpora', (dir) => {
  it('have the digests that a server gave', async () => {
    const files = [...aofCorpus(dir), ...rdbCorpus(dir)].filter(isLoadable);
    expect(files.length).toBeGreaterThan(400);
    for (const file of files) {
      const result = await digest(file.path, { at: Date.now(), flavor: 'redis-8' });
      expect(result.digest, file.name).toBe(file.digest);
    }
  });

  describeWithServer('redis-8.6', 'rewritten', () => {
    for (const format of formats) {
      it(
        `as ${format}: a server loads the same, and a second rewrite gives the same bytes`,
        async () => {
          const files = [...sampled(aofCorpus(dir)), ...rdbCorpus(dir)].filter(isLoadable);
          const loader = await LoadingServer.start('redis-8.6');
          for (const file of files) {
            const at = Date.now();
            const written = await rewritten(file.path, format, { at });
            const expected = file.name === expiredRdb && format !== 'rdb' ? written.result.digest : file.digest;
            expect(await loader.digestOf(written.path, format), `${file.name} ${format}`).toBe(expected);
            await expectStable(written, at);
          }
          await loader.stop();
        },
        timeout,
      );
    }

    it('without pending entries of deleted messages, which are noted as lost; an RDB has them', async () => {
      for (const name of aofsWithDeletedPending) {
        const { path } = aofCorpus(dir).find((file) => file.name === name) as CorpusFile;
        const asCommands = await rewritten(path, 'aof');
        expect(asCommands.result.losses.map(({ kind }) => kind)).toContain('stream-deleted-pending');
        const asRdb = await rewritten(path, 'rdb');
        expect(asRdb.result.losses.map(({ kind }) => kind)).not.toContain('stream-deleted-pending');
      }
    });
  });
});
