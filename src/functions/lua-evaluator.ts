/*
 * Runs what a function library does while it loads, as far as that can be told from its syntax tree: locals, functions, tables,
 * conditions, loops, and the few names that a server gives to such code (server-api.ts). It has no memory or time of its own to spend:
 * after some steps, and for whatever it does not know, the answer is Undecided.
 */
import type { Chunk, Expression, FunctionDeclaration, Identifier, Statement } from 'luaparse';
import { binary, unary } from './lua-operators.ts';
import {
  anything,
  BuiltIn,
  isTrue,
  LuaError,
  LuaFunction,
  LuaTable,
  type LuaValue,
  Scope,
  typeName,
  Undecided,
} from './lua-values.ts';

const stepsMax = 100_000;
const depthMax = 100;

/** How a block ended before its end. */
type Jump = { readonly kind: 'break' } | { readonly kind: 'return'; readonly value: LuaValue } | undefined;

type Body = readonly Statement[];

export class LuaEvaluator {
  private readonly globals: ReadonlyMap<string, LuaValue>;
  private steps = 0;
  private depth = 0;

  constructor(globals: ReadonlyMap<string, LuaValue>) {
    this.globals = globals;
  }

  /** Runs a whole text. Throws LuaError, Undecided. */
  run({ body }: Chunk): void {
    this.block(body, new Scope());
  }

  private block(body: Body, scope: Scope): Jump {
    for (const statement of body) {
      if (++this.steps > stepsMax) throw new Undecided();
      const jump = this.statement(statement, scope);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  private statement(node: Statement, scope: Scope): Jump {
    switch (node.type) {
      case 'LocalStatement':
        return this.local(node.variables, node.init, scope);
      case 'AssignmentStatement':
        return this.assign(node.variables, node.init, scope);
      case 'CallStatement':
        this.expression(node.expression, scope);
        return undefined;
      case 'FunctionDeclaration':
        return this.declare(node, scope);
      case 'DoStatement':
        return this.block(node.body, new Scope(scope));
      case 'IfStatement':
        for (const clause of node.clauses) {
          if (clause.type === 'ElseClause' || isTrue(this.expression(clause.condition, scope)))
            return this.block(clause.body, new Scope(scope));
        }
        return undefined;
      case 'ReturnStatement':
        return { kind: 'return', value: this.values(node.arguments, scope)[0] };
      case 'BreakStatement':
        return { kind: 'break' };
      case 'WhileStatement':
        return this.loop(() => isTrue(this.expression(node.condition, scope)), node.body, scope);
      case 'ForNumericStatement': {
        const [at, to, step = 1] = this.values([node.start, node.end, ...(node.step ? [node.step] : [])], scope);
        return this.count(node.variable.name, [at, to, step], node.body, scope);
      }
      case 'ForGenericStatement':
        this.values(node.iterators, scope);
        throw new Undecided();
      default:
        throw new Undecided();
    }
  }

  private loop(goesOn: () => boolean, body: Body, scope: Scope): Jump {
    while (goesOn()) {
      if (++this.steps > stepsMax) throw new Undecided();
      const jump = this.block(body, new Scope(scope));
      if (jump !== undefined) return jump.kind === 'break' ? undefined : jump;
    }
    return undefined;
  }

  private count(name: string, range: readonly LuaValue[], body: Body, scope: Scope): Jump {
    const [from, to, step] = range.map((value) => {
      if (typeof value === 'number') return value;
      if (typeof value === 'string') throw new Undecided();
      throw new LuaError("'for' values must be numbers");
    });
    let at = from - step;
    const inner = new Scope(scope);
    const goesOn = () => {
      at += step;
      inner.declare(name, at);
      return step > 0 ? at <= to : at >= to;
    };
    return this.loop(goesOn, body, inner);
  }

  private local(names: readonly Identifier[], init: readonly Expression[], scope: Scope): undefined {
    const values = this.values(init, scope);
    for (const [index, { name }] of names.entries()) scope.declare(name, values[index]);
  }

  private assign(places: readonly Expression[], init: readonly Expression[], scope: Scope): undefined {
    const values = this.values(init, scope);
    for (const [index, place] of places.entries()) this.store(place, values[index], scope);
  }

  private store(place: Expression, value: LuaValue, scope: Scope): void {
    if (place.type === 'Identifier') {
      const holder = scope.holder(place.name);
      if (holder === undefined) throw new LuaError(`it writes the global variable '${place.name}'`);
      holder.declare(place.name, value);
      return;
    }
    if (place.type !== 'MemberExpression' && place.type !== 'IndexExpression') throw new Undecided();
    const table = this.expression(place.base, scope);
    const key = place.type === 'MemberExpression' ? place.identifier.name : this.expression(place.index, scope);
    if (!(table instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeName(table)} value`);
    if (table.isSealed) throw new LuaError('it modifies a table of the server');
    if (key === undefined) throw new LuaError('table index is nil');
    table.entries.set(key, value);
  }

  private declare(node: FunctionDeclaration, scope: Scope): undefined {
    if (node.identifier === null) return;
    const { identifier } = node;
    if (node.isLocal && identifier.type === 'Identifier') {
      // It may call itself.
      scope.declare(identifier.name, undefined);
      scope.declare(identifier.name, new LuaFunction(node, scope));
    } else this.store(identifier, new LuaFunction(node, scope), scope);
  }

  /** Values of a list of expressions, of which the last may be a call or `...`. */
  private values(list: readonly Expression[], scope: Scope): LuaValue[] {
    return list.map((node) => this.expression(node, scope));
  }

  private expression(node: Expression, scope: Scope): LuaValue {
    if (++this.steps > stepsMax) throw new Undecided();
    switch (node.type) {
      case 'StringLiteral':
      case 'NumericLiteral':
      case 'BooleanLiteral':
        return node.value;
      case 'NilLiteral':
      case 'VarargLiteral':
        return undefined;
      case 'Identifier':
        return this.variable(node.name, scope);
      case 'FunctionDeclaration':
        return new LuaFunction(node, scope);
      case 'TableConstructorExpression':
        return this.table(node.fields, scope);
      case 'BinaryExpression':
        return binary(node.operator, this.expression(node.left, scope), this.expression(node.right, scope));
      case 'UnaryExpression':
        return unary(node.operator, this.expression(node.argument, scope));
      case 'LogicalExpression':
        return this.logical(node.operator === 'and', node.left, node.right, scope);
      case 'MemberExpression':
        return this.member(this.expression(node.base, scope), node.identifier.name);
      case 'IndexExpression':
        return this.member(this.expression(node.base, scope), this.expression(node.index, scope));
      case 'CallExpression':
        return this.callNode(node.base, node.arguments, scope);
      case 'TableCallExpression':
        return this.callNode(node.base, [node.arguments as unknown as Expression].flat(), scope);
      case 'StringCallExpression':
        return this.callNode(node.base, [node.argument], scope);
      default:
        throw new Undecided();
    }
  }

  private logical(isAnd: boolean, left: Expression, right: Expression, scope: Scope): LuaValue {
    const value = this.expression(left, scope);
    return isTrue(value) === isAnd ? this.expression(right, scope) : value;
  }

  private variable(name: string, scope: Scope): LuaValue {
    const holder = scope.holder(name);
    if (holder !== undefined) return holder.get(name);
    if (!this.globals.has(name))
      throw new LuaError(`it uses the global variable '${name}', which is not there while it loads`);
    return this.globals.get(name);
  }

  private member(base: LuaValue, key: LuaValue): LuaValue {
    if (base === anything) throw new Undecided();
    // Texts have the methods of `string`.
    if (typeof base === 'string') return anything;
    if (!(base instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeName(base)} value`);
    if (base.isSealed && !base.entries.has(key))
      throw new LuaError(`it uses redis.${String(key)}, which is not there while it loads`);
    return base.entries.get(key);
  }

  private table(fields: Extract<Expression, { type: 'TableConstructorExpression' }>['fields'], scope: Scope): LuaTable {
    const table = new LuaTable();
    let index = 1;
    for (const field of fields) {
      const value = this.expression(field.value, scope);
      if (field.type === 'TableValue') table.entries.set(index++, value);
      else if (field.type === 'TableKeyString') table.entries.set(field.key.name, value);
      else table.entries.set(this.expression(field.key, scope), value);
    }
    return table;
  }

  private callNode(base: Expression, args: readonly Expression[], scope: Scope): LuaValue {
    const callee = this.expression(base, scope);
    return this.call(callee, this.values(args, scope));
  }

  private call(callee: LuaValue, args: readonly LuaValue[]): LuaValue {
    if (callee === anything) return anything;
    if (callee instanceof BuiltIn) return callee.call(args);
    if (!(callee instanceof LuaFunction)) throw new LuaError(`attempt to call a ${typeName(callee)} value`);
    if (++this.depth > depthMax) throw new Undecided();
    const scope = new Scope(callee.scope);
    for (const [index, parameter] of callee.declaration.parameters.entries()) {
      if (parameter.type === 'VarargLiteral') throw new Undecided();
      scope.declare(parameter.name, args[index]);
    }
    const jump = this.block(callee.declaration.body, scope);
    this.depth--;
    return jump?.kind === 'return' ? jump.value : undefined;
  }
}
