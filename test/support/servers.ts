/*
 * Tests that compare with real servers. Where a generation is not installed its tests are skipped (test/support/skipped-summary.ts says so),
 * or, with AOFKIT_REQUIRE_SERVERS=1, fail.
 */
import { afterAll, describe, it } from 'vitest';
import { cleanUp, findServer, type ServerName, serverAdvice, serverNames } from './server-process.ts';

export { type Reply, ReplyError } from './reply.ts';
export * from './server-process.ts';

const warned = new Set<string>();

afterAll(cleanUp);

/** True when whatever a test needs must be there. */
function serversAreRequired(): boolean {
  return process.env.AOFKIT_REQUIRE_SERVERS === '1';
}

/** Says once a file what is skipped, and how to have it run. */
export function warnOfSkip(advice: string): void {
  if (warned.has(advice)) return;
  warned.add(advice);
  console.warn(`SKIPPED: ${advice}`);
}

/** A group of tests for each of the servers; `title` gets the server's name appended. */
export function describeWithServers(
  title: string,
  body: (name: ServerName) => void,
  names: readonly ServerName[] = serverNames,
): void {
  for (const name of names) describeWithServer(name, `${title}: ${name}`, () => body(name));
}

/** A group of tests that needs one server. */
export function describeWithServer(name: ServerName, title: string, body: () => void): void {
  if (findServer(name)) describe(title, body);
  else if (serversAreRequired()) describe(title, () => it(`needs ${name}`, () => failFor(name)));
  else {
    // The body is not run: it may start the server while it makes its tests.
    describe(title, () => it.skip(`needs ${name}`, () => {}));
  }
}

/** One test that needs one server. */
export function itWithServer(
  name: ServerName,
  title: string,
  body: () => void | Promise<void>,
  timeout?: number,
): void {
  const full = `${title} [${name}]`;
  if (findServer(name)) it(full, body, timeout);
  else if (serversAreRequired()) it(full, () => failFor(name));
  else {
    it.skip(full, body);
  }
}

function failFor(name: ServerName): never {
  throw new Error(serverAdvice(name));
}
