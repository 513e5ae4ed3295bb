import type { FunctionDeclaration } from 'luaparse';

/** What the evaluator knows a value to be; `undefined` is nil. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction | BuiltIn | typeof anything;

/** A value that only a server could tell. */
export const anything = Symbol('anything');

export class LuaTable {
  readonly entries = new Map<LuaValue, LuaValue>();
  /** Tables of the server cannot be written to, and miss no name in silence. */
  readonly isSealed: boolean;

  constructor(isSealed = false) {
    this.isSealed = isSealed;
  }
}

/** Names and their values, inside of others. */
export class Scope {
  private readonly names = new Map<string, LuaValue>();
  private readonly parent: Scope | undefined;

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  declare(name: string, value: LuaValue): void {
    this.names.set(name, value);
  }

  /** The scope that has a local of this name. */
  holder(name: string): Scope | undefined {
    return this.names.has(name) ? this : this.parent?.holder(name);
  }

  get(name: string): LuaValue {
    return this.names.get(name);
  }
}

export class LuaFunction {
  readonly declaration: FunctionDeclaration;
  readonly scope: Scope;

  constructor(declaration: FunctionDeclaration, scope: Scope) {
    this.declaration = declaration;
    this.scope = scope;
  }
}

/** A function of the server. */
export class BuiltIn {
  readonly call: (args: readonly LuaValue[]) => LuaValue;

  constructor(call: (args: readonly LuaValue[]) => LuaValue) {
    this.call = call;
  }
}

/** The code raises an error: the server refuses it. */
export class LuaError extends Error {}

/** The code ends the whole server. */
export class ServerCrash extends LuaError {}

/** What the code does cannot be told without running it. */
export class Undecided extends Error {}

export const isTrue = (value: LuaValue): boolean => {
  if (value === anything) throw new Undecided();
  return value !== undefined && value !== false;
};

export function typeName(value: LuaValue): string {
  if (value === anything) throw new Undecided();
  if (value === undefined) return 'nil';
  if (value instanceof LuaTable) return 'table';
  if (value instanceof LuaFunction || value instanceof BuiltIn) return 'function';
  return typeof value;
}
