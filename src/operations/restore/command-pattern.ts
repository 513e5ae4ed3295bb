import type { Frame } from '../../engine/frame.ts';
import { globPattern } from '../dataset/filter.ts';

/** Of a command's text, so many characters are looked at. */
const textMax = 64 * 1024;

/**
 * A glob (as of KEYS) over a command as people write it: its name in upper case, then its arguments, with one blank between
 * two. It must match from the start; arguments that follow what matched do not matter:
 *
 *     FLUSHALL      FLUSHALL, and FLUSHALL ASYNC
 *     DEL user:*    every DEL whose first key begins with user:
 *     SET * secret  a SET of any key to what begins with the word secret
 *
 * The name of a pattern may be in any case. Matched are the first 65536 characters.
 */
export class CommandPattern {
  readonly text: string;
  private readonly name: RegExp;
  private readonly whole: RegExp | undefined;

  /** `text` is a binary string. */
  constructor(text: string) {
    this.text = text;
    const [, name, rest] = /^\s*(\S*)\s*([\s\S]*)$/.exec(text) ?? ['', '', ''];
    const upper = upperCase(name);
    this.name = globPattern(upper);
    // Without a blank a `*` of the name may reach into the arguments: only the name is compared.
    if (rest !== '') this.whole = new RegExp(`${globPattern(`${upper} ${rest}`).source.slice(0, -1)}(?: [\\s\\S]*)?$`);
  }

  matches(frame: Frame): boolean {
    const name = frame.text(0).toUpperCase();
    if (!this.name.test(name)) return false;
    return this.whole === undefined || this.whole.test(commandText(name, frame));
  }
}

function commandText(name: string, frame: Frame): string {
  let text = name;
  for (let index = 1; index < frame.argc && text.length < textMax; index++) {
    const start = frame.starts[index];
    text += ` ${frame.bytes.latin1Slice(start, start + Math.min(frame.lengths[index], textMax))}`;
  }
  return text;
}

/** Classes and escapes of a glob stay as they are. */
const upperCase = (name: string): string =>
  name.replace(/\\[\s\S]|[a-z]/g, (part) => (part.length > 1 ? part : part.toUpperCase()));
