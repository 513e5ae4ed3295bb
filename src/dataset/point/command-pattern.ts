import { Glob } from '../../io/glob.ts';
import type { CommandView } from '../../resp/command-view.ts';

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
  private readonly name: Glob;
  /** The pattern, and the pattern with more arguments behind it; undefined where it is a name. */
  private readonly whole: readonly Glob[] | undefined;

  /** `text` is a binary string. */
  constructor(text: string) {
    this.text = text;
    const [, name, rest] = /^\s*(\S*)\s*([\s\S]*)$/.exec(text) ?? ['', '', ''];
    this.name = new Glob(name, { ignoreCase: true });
    // Without a blank a `*` of the name may reach into the arguments: only the name is compared.
    const upper = upperCase(name);
    if (rest !== '') this.whole = [new Glob(`${upper} ${rest}`), new Glob(`${upper} ${rest}`, { tail: ' *' })];
  }

  matches(frame: CommandView): boolean {
    if (!this.name.matches(frame.bytes, frame.starts[0], frame.lengths[0])) return false;
    if (this.whole === undefined) return true;
    const text = Buffer.from(commandText(frame.text(0).toUpperCase(), frame), 'latin1');
    return this.whole.some((pattern) => pattern.matches(text));
  }
}

function commandText(name: string, frame: CommandView): string {
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
