/** The colours that reports use. */
export type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'bold' | 'dim';
export type Palette = Readonly<Record<Colour, (text: string) => string>>;

const same = (text: string): string => text;
const plain: Palette = { green: same, red: same, yellow: same, cyan: same, bold: same, dim: same };

/**
 * Colours only where a terminal shows them; NO_COLOR and FORCE_COLOR are honoured. chalk is loaded only then: it takes longer
 * than a small check.
 */
export async function palette(stream: { readonly isTTY?: boolean } = process.stdout): Promise<Palette> {
  const forced = process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '0';
  const refused = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '';
  if (refused || (!forced && stream.isTTY !== true)) return plain;
  const { default: chalk, chalkStderr } = await import('chalk');
  return stream === process.stderr ? chalkStderr : chalk;
}
