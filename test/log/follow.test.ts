import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { binary } from '../cli/run.ts';
import { describeWithServers, startServer } from '../support/servers.ts';
import { fileOf, words } from './collect.ts';

let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
});

/** `aofkit log --follow`, whose output can be waited for. */
function follow(...args: string[]) {
  const process_ = spawn(process.execPath, [binary, 'log', '--follow', ...args]);
  child = process_;
  let output = '';
  process_.stdout.on('data', (text) => (output += text));
  process_.stderr.on('data', (text) => (output += text));
  const exited = new Promise<number | null>((resolve) => process_.on('close', resolve));
  return {
    output: () => output,
    async until(text: string): Promise<void> {
      for (let tries = 0; tries < 400 && !output.includes(text); tries++) await sleep(25);
      expect(output).toContain(text);
    },
    async interrupt(): Promise<number | null> {
      process_.kill('SIGINT');
      return exited;
    },
  };
}

describeWithServers(
  'log --follow',
  (name) => {
    it('shows what a server writes, across rewrites', async () => {
      const server = await startServer(name, { config: { appendonly: 'yes', appendfsync: 'always' } });
      for (let index = 0; index < 20; index++) await server.command('SET', `before:${index}`, 'x');
      const log = follow(join(server.dir, 'appendonlydir'), '--limit', '3');
      await log.until('"before:19"');
      expect(log.output()).not.toContain('before:16"');
      await server.command('SET', 'first', '1');
      await log.until('SET "first" "1"');
      for (let round = 1; round <= 2; round++) {
        await server.command('BGREWRITEAOF');
        while (/aof_rewrite_(in_progress|scheduled):1/.test(String(await server.command('INFO', 'persistence'))))
          await sleep(20);
        await server.command('SET', `round:${round}`, 'x');
        await log.until(`"round:${round}" "x"`);
      }
      expect(log.output().match(/"first"/g)).toHaveLength(1);
      expect(log.output()).toMatch(/appendonly\.aof\.3\.incr\.aof:\d+ #\d+ \S+ db0 SET "round:2"/);
      expect(await log.interrupt()).toBe(0);
      await server.stop();
    });
  },
  ['redis-8.6', 'valkey-9.1'],
);

it('waits for the rest of a command, and takes up a file that was replaced at its end', async () => {
  const path = fileOf(words('SET a 1'));
  const log = follow(path);
  await log.until('"a" "1"');
  const command = words('SET b 2');
  fs.appendFileSync(path, command.slice(0, 10));
  await sleep(300);
  expect(log.output()).not.toContain('"b"');
  fs.appendFileSync(path, command.slice(10));
  await log.until('SET "b" "2"');
  fs.writeFileSync(`${path}.new`, words('SET rewritten x'));
  fs.renameSync(`${path}.new`, path);
  await sleep(500);
  fs.appendFileSync(path, words('SET c 3'));
  await log.until('SET "c" "3"');
  expect(log.output()).not.toContain('rewritten');
  expect(await log.interrupt()).toBe(0);
});
