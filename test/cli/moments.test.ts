import { expect, it } from 'vitest';
import { parseMoment } from '../../commands/shared/flags.ts';
import { UsageError } from '../../src/index.ts';
import { aofkit, sample } from './run.ts';

/** What a text means, and whether something is said about it. */
function taken(text: string): [number, boolean] {
  const told: string[] = [];
  return [parseMoment(text, (message) => told.push(message)), told.length > 0];
}

it('takes seconds, milliseconds, and ISO 8601', () => {
  expect(taken('1795161600')).toEqual([1795161600000, false]);
  expect(taken('1795161600.25')).toEqual([1795161600250, false]);
  expect(taken('1795161600123')).toEqual([1795161600123, true]);
  expect(taken('2026-11-20T08:00:00Z')).toEqual([1795161600000, false]);
  expect(taken('2026-11-20T08:00:00+02:00')).toEqual([1795154400000, false]);
  for (const text of ['yesterdayish', '2026-13-01', '']) expect(() => taken(text)).toThrow(UsageError);
});

it.each(['2026-07-01', '2026-07-01T10:30', '2026-07-01 10:30:05'])(
  '%s is local time, and the report says which instant',
  (text) => {
    const { status, stderr } = aofkit(['digest', '--at', text, `${sample}/dump.rdb`], undefined, { TZ: 'Asia/Tokyo' });
    const instant = new Date(`${text.replace(' ', 'T').replace(/^([^T]*)$/, '$1T00:00')}+09:00`).toISOString();
    expect([status, stderr]).toEqual([0, expect.stringContaining(instant)]);
  },
);
