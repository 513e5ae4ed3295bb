/* Reads what `log --full --json` writes back into the bytes of its files. */
import fs from 'node:fs';

type Arg = string | { readonly base64: string };
interface Line {
  readonly type: 'command' | 'annotation' | 'rdb' | 'damage' | 'bytes';
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly args?: readonly Arg[];
  readonly text?: Arg;
  readonly raw?: string;
  readonly base64?: string;
}

const bytesOf = (arg: Arg): Buffer =>
  typeof arg === 'string' ? Buffer.from(arg, 'utf8') : Buffer.from(arg.base64, 'base64');

/** One record's bytes. Only those of an RDB are not in its line: they come from `original`. */
function recordOf(line: Line, original: Buffer): Buffer {
  if (line.raw !== undefined) return Buffer.from(line.raw, 'base64');
  if (line.type === 'rdb') return original.subarray(line.offset, line.offset + line.length);
  if (line.type === 'damage' || line.type === 'bytes') return Buffer.from(line.base64 ?? '', 'base64');
  if (line.type === 'annotation') return bytesOf(line.text ?? '');
  const args = (line.args ?? []).map(bytesOf);
  const parts = args.flatMap((arg) => [Buffer.from(`$${arg.length}\r\n`), arg, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts]);
}

/** The bytes of each file that the lines tell of, by name. Throws where the lines are not gapless. */
export function filesOf(json: string, pathOf: (name: string) => string): Map<string, Buffer> {
  const pieces = new Map<string, Buffer[]>();
  const lengths = new Map<string, number>();
  const originals = new Map<string, Buffer>();
  for (const text of json.split('\n')) {
    if (text === '') continue;
    const line = JSON.parse(text) as Line;
    const at = lengths.get(line.file) ?? 0;
    if (line.offset !== at) throw new Error(`a gap at ${at} of ${line.file}: the next record is at ${line.offset}`);
    if (!originals.has(line.file)) originals.set(line.file, fs.readFileSync(pathOf(line.file)));
    const record = recordOf(line, originals.get(line.file) as Buffer);
    // A long damaged region goes on in the lines behind it.
    const isFirst = line.type === 'damage' && record.length > 0 && record.length < line.length;
    if (record.length !== line.length && !isFirst)
      throw new Error(`${line.length} bytes at ${at} of ${line.file}, not ${record.length}`);
    pieces.set(line.file, [...(pieces.get(line.file) ?? []), record]);
    lengths.set(line.file, at + record.length);
  }
  return new Map([...pieces].map(([name, list]) => [name, Buffer.concat(list)]));
}
