import type { CommandView } from '../resp/command-view.ts';

/** Runs one command in a session of type S. undefined = done; a string = the error reply of a server, and nothing was changed. */
export type Handler<S = never> = (session: S, frame: CommandView) => string | undefined;

/** First key, last key (negative: from the end), step; [0, 0, 0] for none, as COMMAND INFO gives them. */
type KeyPositions = readonly [first: number, last: number, step: number];

export interface CommandSpec<S = never> {
  /** Exact number of arguments, name included; negative: at least so many. For a subcommand both names count. */
  readonly arity: number;
  readonly keys: KeyPositions;
  readonly handler: Handler<S>;
  /** `redis` or `valkey` where only one fork has it. */
  readonly fork?: 'redis' | 'valkey';
}

/** Commands by upper-case name; a subcommand's is `CONTAINER SUB`. */
export interface Family<S = never> {
  readonly name: string;
  readonly commands: Readonly<Record<string, CommandSpec<S>>>;
}

/** A command as the registry knows it. */
export interface Command<S = never> extends CommandSpec<S> {
  readonly name: string;
  readonly family: string;
  /** Dense number, for tables by command. */
  readonly id: number;
  /** A container's subcommands, by upper-case name. */
  readonly subcommands?: ReadonlyMap<string, Command<S>>;
}

const cacheSlots = 1024;
const cachedMax = 512;

/**
 * Looks commands up by the bytes of their name, in any case, without making a string: spellings that were seen are kept in
 * a small table keyed by the first eight bytes and the length; only a new spelling goes through a Map.
 */
export class Registry<S = never> {
  readonly commands: readonly Command<S>[];
  readonly #byName = new Map<string, Command<S>>();
  readonly #slots: (Command<S> | undefined)[] = new Array(cacheSlots).fill(undefined);
  readonly #keys = new Int32Array(cacheSlots * 3);
  readonly #spellings: string[] = new Array(cacheSlots).fill('');
  #cached = 0;

  constructor(families: readonly Family<S>[]) {
    const commands: Command<S>[] = [];
    for (const family of families) {
      for (const [name, spec] of Object.entries(family.commands)) this.#add(commands, family.name, name, spec);
    }
    this.commands = commands;
  }

  #add(commands: Command<S>[], family: string, name: string, spec: CommandSpec<S>): void {
    const command: Command<S> = { ...spec, name, family, id: commands.length };
    if (this.#byName.has(name)) throw new Error(`command ${name} is in two families`);
    commands.push(command);
    const space = name.indexOf(' ');
    if (space < 0) {
      this.#byName.set(name, command);
      return;
    }
    const containerName = name.slice(0, space);
    let container = this.#byName.get(containerName);
    if (container === undefined) {
      const none: Handler<S> = () => `ERR unknown subcommand for '${containerName.toLowerCase()}'`;
      container = {
        name: containerName,
        family,
        id: commands.length,
        arity: -2,
        keys: [0, 0, 0],
        handler: none,
        subcommands: new Map(),
      };
      commands.push(container);
      this.#byName.set(containerName, container);
    }
    (container.subcommands as Map<string, Command<S>>).set(name.slice(space + 1), command);
  }

  /** The command that the frame's first argument names (and its second, for a container), or undefined. */
  find(frame: CommandView): Command<S> | undefined {
    const head = this.head(frame);
    return head?.subcommands === undefined ? head : this.#subcommand(head, frame);
  }

  /** The command or the container that the frame's first argument names, or undefined. */
  head(frame: CommandView): Command<S> | undefined {
    const bytes = frame.bytes;
    const start = frame.starts[0];
    const length = frame.lengths[0];
    if (length > 64) return undefined;
    let first = 0;
    let second = 0;
    const head = Math.min(length, 4);
    for (let index = 0; index < head; index++) first = (first << 8) | bytes[start + index];
    const tail = Math.min(length, 8);
    for (let index = 4; index < tail; index++) second = (second << 8) | bytes[start + index];
    let slot =
      ((Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b) ^ (length << 20)) >>> 20) & (cacheSlots - 1);
    const keys = this.#keys;
    for (;;) {
      const command = this.#slots[slot];
      if (command === undefined) return this.#resolve(frame, first, second, length, slot);
      const key = slot * 3;
      if (keys[key] === first && keys[key + 1] === second && keys[key + 2] === length) {
        if (length <= 8 || this.#sameTail(slot, bytes, start, length)) return command;
      }
      slot = (slot + 1) & (cacheSlots - 1);
    }
  }

  #sameTail(slot: number, bytes: Buffer, start: number, length: number): boolean {
    const spelling = this.#spellings[slot];
    for (let index = 8; index < length; index++) {
      if (bytes[start + index] !== spelling.charCodeAt(index)) return false;
    }
    return true;
  }

  #resolve(frame: CommandView, first: number, second: number, length: number, slot: number): Command<S> | undefined {
    const spelling = frame.text(0);
    const command = this.#byName.get(upperCase(spelling));
    if (command === undefined) return undefined;
    if (this.#cached < cachedMax) {
      this.#cached++;
      this.#slots[slot] = command;
      this.#keys[slot * 3] = first;
      this.#keys[slot * 3 + 1] = second;
      this.#keys[slot * 3 + 2] = length;
      this.#spellings[slot] = spelling;
    }
    return command;
  }

  #subcommand(container: Command<S>, frame: CommandView): Command<S> {
    if (frame.argc < 2 || frame.lengths[1] > 64) return container;
    return container.subcommands?.get(upperCase(frame.text(1))) ?? container;
  }

  /** Every command and every container, by upper-case name. */
  heads(): Iterable<readonly [string, Command<S>]> {
    return this.#byName;
  }

  /** The command of this name (`CONTAINER SUB` for a subcommand), in any case. */
  named(name: string): Command<S> | undefined {
    const upper = upperCase(name);
    const space = upper.indexOf(' ');
    if (space < 0) return this.#byName.get(upper);
    return this.#byName.get(upper.slice(0, space))?.subcommands?.get(upper.slice(space + 1));
  }
}

/** ASCII only: toUpperCase would fold other latin1 letters. */
function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
