import { UsageError } from '../errors.ts';
import { nameBytes, nameText } from '../io/text.ts';
import { manifestFaultsMax, manifestLineMax } from '../limits.ts';
import { splitWords } from '../words.ts';

/**
 * The manifest of a multi-part AOF (Redis 7.0 and later, Valkey): one line a part.
 *
 *     file <name> seq <number> type <b|h|i> [startoffset <n>] [endoffset <n>] LF
 *
 * The rules are those of aofLoadManifestFromFile in the servers' aof.c, each tried on real servers.
 */
type PartType = 'b' | 'h' | 'i';

export interface ManifestPart {
  /** As calls of the file system take it. */
  readonly name: string;
  readonly sequence: number;
  /** The same where a number cannot hold it: the server has 64 bits. */
  readonly exactSequence?: bigint;
  readonly type: PartType;
  /** `startoffset` and `endoffset` (Redis 8.0 and later), with the numbers that the server takes their values for. */
  readonly extra: readonly (readonly [string, string])[];
  /** Line number, from 1, and absolute offset of the line. */
  readonly line: number;
  readonly offset: number;
}

export interface ManifestFault {
  /** `manifest.empty` or `manifest.line.*`. */
  readonly code: string;
  readonly line: number;
  readonly offset: number;
  readonly length: number;
  readonly expected: string;
  readonly found: string;
  /** The reason in the words of the server's log. */
  readonly reason: string;
}

export interface Manifest {
  /** In the order of their lines. */
  readonly parts: readonly ManifestPart[];
  /** In the order of their lines, the first `manifestFaultsMax`. A server stops at the first one; reading goes on here. */
  readonly faults: readonly ManifestFault[];
}

/** The server reads a line into a buffer of this many bytes, LF and NUL included. */
const lineBufferBytes = manifestLineMax + 1;

/**
 * Parses a whole manifest. Never throws: what is wrong is in `faults`, and lines that are sound are in `parts`. `nameOf` makes a name of
 * its bytes, one a character.
 */
export function parseManifest(bytes: Uint8Array, nameOf: (bytes: string) => string = nameText): Manifest {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const parser = new ManifestParser(nameOf);
  if (text.length === 0)
    parser.fault('manifest.empty', 'at least one line', 'an empty file', 'Found an empty AOF manifest');
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline + 1;
    parser.readLine(text.slice(from, to), from);
    from = to;
  }
  return parser;
}

const invalidFormat = 'Invalid AOF manifest file format';

class ManifestParser implements Manifest {
  readonly parts: ManifestPart[] = [];
  readonly faults: ManifestFault[] = [];
  private line = 0;
  private offset = 0;
  private length = 0;
  private base: ManifestPart | undefined;
  /** Sequence of the last increment; a first one must be above 0. */
  private lastIncrement = 0n;
  private readonly nameOf: (bytes: string) => string;

  constructor(nameOf: (bytes: string) => string) {
    this.nameOf = nameOf;
  }

  readLine(line: string, offset: number): void {
    this.line++;
    this.offset = offset;
    this.length = line.length;
    const tooLong = line.length >= lineBufferBytes;
    // A comment is passed over before its end is looked for.
    if (tooLong || (!line.endsWith('\n') && !line.startsWith('#'))) {
      const expected = tooLong ? `at most ${manifestLineMax} bytes` : 'a newline at its end';
      this.fault('manifest.line.length', expected, clip(line), 'The AOF manifest file contains too long line');
      if (tooLong) return;
    }
    if (line.startsWith('#')) return;
    const words = splitWords(line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
    if (words === undefined || words.length < 6 || words.length % 2 !== 0) {
      this.fault('manifest.line.format', 'file NAME seq N type b|h|i', clip(line), invalidFormat);
      return;
    }
    this.readPart(words);
  }

  private readPart(words: readonly string[]): void {
    let name: string | undefined;
    let sequence = 0n;
    let kind = '';
    const offsets = new Map<string, bigint>();
    for (let index = 0; index < words.length; index += 2) {
      const key = words[index].toLowerCase();
      const value = words[index + 1];
      if (key === 'file') name = this.nameOf(value);
      else if (key === 'seq') sequence = parseLongLong(value);
      else if (key === 'type') kind = value.slice(0, 1);
      else if (key === 'startoffset' || key === 'endoffset') offsets.set(key, parseLongLong(value));
    }
    if (name !== undefined && /[/\\]/.test(name)) {
      this.fault('manifest.line.path', 'the name of a file', name, "File can't be a path, just a filename");
    } else if (name === undefined || name === '' || kind === '') {
      this.fault('manifest.line.format', 'a file, a seq and a type', words.join(' '), invalidFormat);
    } else if (sequence === 0n) {
      this.fault('manifest.sequence.invalid', 'a seq other than 0', words.join(' '), invalidFormat);
    } else if (kind !== 'b' && kind !== 'h' && kind !== 'i') {
      this.fault('manifest.type.unknown', 'b, h or i', kind, 'Unknown AOF file type');
    } else {
      const extra = ['startoffset', 'endoffset'].flatMap((key) => {
        const value = offsets.get(key) ?? unsetOffset;
        return value === unsetOffset ? [] : [[key, String(value)] as const];
      });
      const isExact = Number.isSafeInteger(Number(sequence));
      const numbers = { sequence: Number(sequence), ...(isExact ? {} : { exactSequence: sequence }) };
      this.addPart({ name, ...numbers, type: kind, extra, line: this.line, offset: this.offset });
    }
  }

  private addPart(part: ManifestPart): void {
    if (part.type === 'b' && this.base !== undefined) {
      const found = `${this.base.name} and ${part.name}`;
      this.fault('manifest.base.duplicate', 'one base', found, 'Found duplicate base file information');
    }
    const sequence = part.exactSequence ?? BigInt(part.sequence);
    if (part.type === 'i' && sequence <= this.lastIncrement) {
      const expected = `a seq above ${this.lastIncrement}`;
      this.fault('manifest.sequence.order', expected, String(sequence), 'Found a non-monotonic sequence number');
    }
    if (part.type === 'b') this.base ??= part;
    if (part.type === 'i') this.lastIncrement = sequence;
    this.parts.push(part);
  }

  fault(code: string, expected: string, found: string, reason: string): void {
    if (this.faults.length >= manifestFaultsMax) return;
    const { line, offset, length } = this;
    this.faults.push({ code, line, offset, length, expected, found, reason });
  }
}

const clip = (line: string): string => JSON.stringify(line.length > 120 ? `${line.slice(0, 120)}…` : line);

/** What an offset is where the line has none. */
const unsetOffset = -1n;
const longLongMax = (1n << 63n) - 1n;
const longLongMin = -(1n << 63n);

/** atoll() as the C library does it: leading blanks, a sign, digits; 0 where there are none, and clamped to 64 bits. */
function parseLongLong(text: string): bigint {
  const [, digits] = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text) ?? [];
  if (digits === undefined) return 0n;
  // More than 20 characters are out of range, and need no number of that length to tell.
  const significant = digits.replace(/^([+-]?)0+(?=\d)/, '$1');
  if (significant.length > 20) return digits.startsWith('-') ? longLongMin : longLongMax;
  const value = BigInt(significant.replace('+', ''));
  return value > longLongMax ? longLongMax : value < longLongMin ? longLongMin : value;
}

/** The parts that a server loads, in its order: the base, then the increments. */
export function loadOrder(manifest: Manifest): ManifestPart[] {
  const ofType = (type: PartType) => manifest.parts.filter((part) => part.type === type);
  return [...ofType('b'), ...ofType('i')];
}

/**
 * The text of a manifest that holds these parts, as a server writes it, all ASCII: base, history, increments. Throws UsageError for a name
 * with which a line would be longer than a server reads.
 */
export function formatManifest(parts: readonly FormattedPart[]): string {
  const ordered = [...parts].sort((a, b) => 'bhi'.indexOf(a.type) - 'bhi'.indexOf(b.type));
  return ordered.map(formatLine).join('');
}

type FormattedPart = Pick<ManifestPart, 'name' | 'sequence' | 'exactSequence' | 'type' | 'extra'>;

function formatLine({ name, sequence, exactSequence, type, extra }: FormattedPart): string {
  const pairs = [['file', nameBytes(name)], ['seq', String(exactSequence ?? sequence)], ['type', type], ...extra];
  const line = `${pairs.flat().map(quoteWord).join(' ')}\n`;
  if (line.length <= manifestLineMax) return line;
  throw new UsageError(`no server reads a manifest with a name as long as ${name}: give the file a shorter one`);
}

/** A word so that `splitWords` gives it back: as it is, or quoted as sdscatrepr does. */
function quoteWord(word: string): string {
  if (/^[!#-&(-[\]-~]+$/.test(word)) return word;
  const body = word.replace(/[^ !#-[\]-~]/g, (char) => {
    const known = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x07': '\\a', '\b': '\\b' }[char];
    return known ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${body}"`;
}
