import { maxOf } from '../../arrays.ts';
import type { BootSettings } from './settings.ts';

const perSync: Readonly<Record<BootSettings['appendfsync'], string>> = {
  always:
    'appendfsync always: every command is on the disk before it is answered; a power loss costs nothing that was answered.',
  everysec: 'appendfsync everysec: a power loss costs up to about two seconds of writes.',
  no: 'appendfsync no: the kernel decides when to write; a power loss can cost half a minute of writes or more.',
};

/** What a crash or a power loss could cost, and when the log is rewritten: a sentence each. */
export function durabilityOf(settings: BootSettings): string[] {
  const { appendonly, appendfsync, save, rewritePercentage, rewriteMinSize } = settings;
  const sentences = appendonly
    ? [perSync[appendfsync]]
    : ['appendonly no: a crash costs everything since the last save of the RDB.'];
  sentences.push(saveSentence(save, appendonly));
  if (appendonly)
    sentences.push(
      rewritePercentage === 0
        ? 'auto-aof-rewrite-percentage 0: the log is never rewritten by itself and grows without end.'
        : `The log is rewritten by itself when it is ${rewritePercentage} % larger than after the last rewrite, and at least ${rewriteMinSize} bytes.`,
    );
  return sentences;
}

function saveSentence(save: BootSettings['save'], appendonly: boolean): string {
  if (save.length === 0) {
    return appendonly
      ? 'No save points: no RDB is written by itself.'
      : 'No save points: nothing is written by itself, and a crash or a kill costs all that is new since the start.';
  }
  const points = save.map(([seconds, changes]) => `${changes} in ${seconds} s`).join(', ');
  const longest = maxOf(save.map(([seconds]) => seconds));
  return `Save points (changes in a time): ${points}; an RDB alone may be ${longest} s old, and older where there were fewer changes.`;
}
