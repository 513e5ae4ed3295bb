/** The folder of the corpora, $AOFKIT_CORPUS; undefined where it is not set. */
export function corpusDir(): string | undefined {
  return process.env.AOFKIT_CORPUS || undefined;
}

export const corpusAdvice = 'no corpora; set AOFKIT_CORPUS to their folder (docs/testing.md)';
