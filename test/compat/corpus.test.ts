import { expect, it } from 'vitest';
import { aofCorpus, describeWithCorpus, rdbCorpus } from '../support/corpus.ts';
import { itWithServer } from '../support/servers.ts';
import { normalized, type Run, runOurs, runTheirs } from './comparison.ts';

const same = (run: Run): void => {
  expect(normalized(runOurs(run)), run.args[0]).toEqual(normalized(runTheirs(run)));
};

describeWithCorpus('drop-in tools on the corpora', (dir) => {
  itWithServer('redis-8.6', "every fourth AOF of Redis' own tests", () => {
    const files = aofCorpus(dir).filter((_, index) => index % 4 === 0);
    for (const { path } of files) same({ tool: 'aof', args: [path] });
  });

  itWithServer('redis-8.6', "every RDB but Valkey's, by both tools", () => {
    const files = rdbCorpus(dir).filter(({ name }) => !name.includes('valkey'));
    expect(files.length).toBeGreaterThan(10);
    for (const { path } of files) {
      same({ tool: 'rdb', args: [path] });
      same({ tool: 'aof', args: [path] });
    }
  });

  it('changes no file that is only checked', () => {
    const { path } = aofCorpus(dir)[0];
    const before = runOurs({ tool: 'aof', args: [path], files: [path] });
    expect(runOurs({ tool: 'aof', args: [path], files: [path] })).toEqual(before);
  });
});
