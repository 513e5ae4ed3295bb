import type { RespWriter } from '../../resp/writer.ts';
import type { LossSink } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';

/** Elements, or pairs, of one command (AOF_REWRITE_ITEMS_PER_CMD in the servers' server.h). */
export const itemsPerCommand = 64;

/** What the commands of one key share: where they go, the key's name, whom they are for. */
export class KeyCommands {
  readonly out: RespWriter;
  readonly target: Target;
  /** The moment of writing, milliseconds since 1970. */
  readonly now: number;
  lose: LossSink;
  private key: Uint8Array = new Uint8Array(0);
  private keyFrom = 0;
  private keyTo = 0;

  constructor(out: RespWriter, target: Target, now: number, lose: LossSink) {
    this.out = out;
    this.target = target;
    this.now = now;
    this.lose = lose;
  }

  setKey(key: Uint8Array, from: number, to: number): void {
    this.key = key;
    this.keyFrom = from;
    this.keyTo = to;
  }

  /** The key as a binary string. */
  keyText(): string {
    const { buffer, byteOffset, byteLength } = this.key;
    return Buffer.from(buffer, byteOffset, byteLength).latin1Slice(this.keyFrom, this.keyTo);
  }

  /** Begins `name key …`, a command of `argc` arguments with these two. */
  begin(argc: number, name: string): RespWriter {
    const { out } = this;
    out.settle();
    out.beginCommand(argc);
    out.bulkText(name);
    out.bulk(this.key, this.keyFrom, this.keyTo);
    return out;
  }

  /** Writes the key as the next argument. */
  bulkKey(): void {
    this.out.bulk(this.key, this.keyFrom, this.keyTo);
  }

  /** `name key arguments…` of texts. */
  command(name: string, ...args: readonly string[]): void {
    this.commandOf(name, args);
  }

  /** The same of a list, however long. */
  commandOf(name: string, args: readonly string[]): void {
    this.begin(args.length + 2, name);
    for (const arg of args) this.out.bulkText(arg);
  }
}
