/** Node's direct decoders: what `toString('latin1', …)` ends in, without its dispatch. In every Node since 0.x. */
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
  base64Slice(start?: number, end?: number): string;
}
