/* Random geo commands: one source, some destinations. */
import type { ServerName } from '../../support/server-process.ts';
import type { Command, Random } from './replay.ts';

export const destinations = ['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7'];

function point(random: Random): [string, string] {
  if (random.chance(0.02)) return [random.pick(['181', '-180', '180', 'x']), random.pick(['85.05112878', '86', '0'])];
  if (random.chance(0.5)) return [String(random.next() * 0.4 + 13.2), String(random.next() * 0.4 + 52.3)];
  return [String(random.next() * 360 - 180), String(random.next() * 170 - 85)];
}

function options(random: Random, modern: boolean): string[] {
  const count = random.chance(0.3) ? ['COUNT', String(1 + random.below(50))] : [];
  if (modern && count.length > 0 && random.chance(0.3)) count.push('ANY');
  return [...count, ...random.pick([[], ['ASC'], ['desc']])];
}

function length(random: Random, modern: boolean): [string, string] {
  return random.pick([
    [String(random.next() * 30), 'km'],
    [String(random.next() * 8000), 'km'],
    [String(random.below(9000)), 'm'],
    [String(random.below(40)), modern ? 'MI' : 'mi'],
    [String(random.below(90000)), 'ft'],
    ['0', 'm'],
    ['-1', 'm'],
  ]);
}

export function geoCommand(random: Random, name: ServerName): Command {
  const modern = name !== 'redis-6.0';
  const target = random.pick(destinations);
  const member = `m${random.below(300)}`;
  const roll = random.next();
  if (roll < 0.6) {
    const flags = random.pick(modern ? [[], [], ['NX'], ['xx'], ['CH']] : [[]]);
    return ['GEOADD', 'k', ...flags, ...point(random), member, ...point(random), `${member}x`];
  }
  const how = random.pick(['STORE', 'STOREDIST']);
  if (roll < 0.75)
    return ['GEORADIUS', 'k', ...point(random), ...length(random, modern), ...options(random, modern), how, target];
  if (roll < 0.85 || !modern) {
    return ['GEORADIUSBYMEMBER', 'k', member, ...length(random, modern), ...options(random, modern), how, target];
  }
  const from = random.chance(0.5) ? ['FROMLONLAT', ...point(random)] : ['FROMMEMBER', member];
  const distances = how === 'STORE' ? [] : [how];
  if (name === 'valkey-9.1' && random.chance(0.3)) {
    const vertices = Array.from({ length: 3 + random.below(3) }, () => point(random)).flat();
    return ['GEOSEARCHSTORE', target, 'k', 'BYPOLYGON', String(vertices.length / 2), ...vertices, ...distances];
  }
  const shape = random.chance(0.5)
    ? ['BYRADIUS', ...length(random, modern)]
    : ['BYBOX', length(random, modern)[0], ...length(random, modern)];
  return ['GEOSEARCHSTORE', target, 'k', ...from, ...shape, ...options(random, modern), ...distances];
}
