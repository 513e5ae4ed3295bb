import { integerArgument, isWord } from '../resp/arguments.ts';
import type { CommandView } from '../resp/command-view.ts';
import type { Session } from './session.ts';

/** How an option gives an expiry. */
export const ExpireOption = {
  None: 0,
  /** EX: seconds from now. */
  Seconds: 1,
  /** PX: milliseconds from now. */
  Milliseconds: 2,
  /** EXAT: seconds since 1970. */
  SecondsAt: 3,
  /** PXAT: milliseconds since 1970. */
  MillisecondsAt: 4,
  /** KEEPTTL. */
  Keep: 5,
  /** PERSIST. */
  Persist: 6,
} as const;
export type ExpireOption = (typeof ExpireOption)[keyof typeof ExpireOption];

const int64Max = 2 ** 63;

/** The expiry option that argument `index` names, or None. */
export function parseExpireOption(frame: CommandView, index: number): ExpireOption {
  switch (frame.lengths[index]) {
    case 2:
      if (isWord(frame, index, 'EX')) return ExpireOption.Seconds;
      return isWord(frame, index, 'PX') ? ExpireOption.Milliseconds : ExpireOption.None;
    case 4:
      if (isWord(frame, index, 'PXAT')) return ExpireOption.MillisecondsAt;
      return isWord(frame, index, 'EXAT') ? ExpireOption.SecondsAt : ExpireOption.None;
    case 7:
      if (isWord(frame, index, 'KEEPTTL')) return ExpireOption.Keep;
      return isWord(frame, index, 'PERSIST') ? ExpireOption.Persist : ExpireOption.None;
    default:
      return ExpireOption.None;
  }
}

/** The moment that argument `index` means under `option`, milliseconds since 1970; NaN where a server refuses it (not an integer, not positive, out of range). */
export function deadline(session: Session, frame: CommandView, option: ExpireOption, index: number): number {
  const time = integerArgument(frame, index);
  return time > 0 ? moment(session, option, time) : Number.NaN;
}

/** The moment that `time` means under `option`; NaN where it passes an int64 of milliseconds. */
export function moment(session: Session, option: ExpireOption, time: number): number {
  const isSeconds = option === ExpireOption.Seconds || option === ExpireOption.SecondsAt;
  const isRelative = option === ExpireOption.Seconds || option === ExpireOption.Milliseconds;
  const milliseconds = isSeconds ? time * 1000 : time;
  const at = isRelative ? milliseconds + session.now : milliseconds;
  return Math.abs(at) < int64Max ? at : Number.NaN;
}
