import { type Target, targets } from '../servers/targets.ts';
import { alwaysLooksDeep, loadOutcome, type NotedFlaw } from './load-rules.ts';

/** Which releases refuse to load a value with this flaw, and which do not, in words: for a finding's advice. */
export function loadAdvice(flaw: NotedFlaw): string {
  const refusing = releases((target) => loadOutcome(target, flaw, alwaysLooksDeep(target)) === 'refuses');
  const looking = releases((target) => loadOutcome(target, flaw, true) === 'refuses');
  const always = refusing === '' ? 'Every server loads it as it is' : `Refused while loading by ${refusing}`;
  if (looking === refusing) return refusing === '' ? `${always}.` : `${always}, whatever is set.`;
  return `${always}; with sanitize-dump-payload yes by ${looking}. Others load it, and may crash on it later.`;
}

function releases(test: (target: Target) => boolean): string {
  return [ofFork('redis', test), ofFork('valkey', test)].filter((text) => text !== '').join(' and ');
}

/** `redis-7.0 and later`, or single releases. */
function ofFork(fork: Target['fork'], test: (target: Target) => boolean): string {
  const all = targets.filter((target) => target.fork === fork);
  const wanted = all.filter(test);
  if (wanted.length === 0) return '';
  if (wanted.length === all.length) return `every ${fork === 'redis' ? 'Redis' : 'Valkey'}`;
  const isTail = wanted.at(-1) === all.at(-1) && all.indexOf(wanted[0]) === all.length - wanted.length;
  return isTail ? `${wanted[0].name} and later` : wanted.map(({ name }) => name).join(', ');
}

/** Whether any release refuses it, with some setting. */
export function refusedBySome(flaw: NotedFlaw): boolean {
  return targets.some((target) => loadOutcome(target, flaw, true) === 'refuses');
}
