/*
 * Writes server-payloads.json: what redis-server 8.6 makes of the samples. Run: npx tsx test/lzf/record-payloads.ts
 */
import { writeFileSync } from 'node:fs';
import { cleanUp, findServer } from '../support/server-process.ts';
import { lzfSamples, payloadDigest, serverPayloads } from './server-payloads.ts';

const server = 'redis-8.6';
const samples = lzfSamples();
const payloads = await serverPayloads(server, samples);
const digests: Record<string, string> = {};
const whole: Record<string, string> = {};
for (const { name } of samples) {
  const payload = payloads.get(name);
  digests[name] = payload ? payloadDigest(payload) : '';
  if (payload && payload.length <= 100 && name.split('-').length === 2) whole[name] = payload.toString('base64');
}
const provenance = `SET of each sample of server-payloads.ts, SAVE, redis-server ${findServer(server)?.version}`;
writeFileSync(
  new URL('server-payloads.json', import.meta.url),
  JSON.stringify({ provenance, digests, whole }, null, 2) + '\n',
);
cleanUp();
