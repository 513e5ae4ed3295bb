import { anything, isTrue, LuaError, LuaTable, type LuaValue, typeName, Undecided } from './lua-values.ts';

type Arithmetic = (a: number, b: number) => number;

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a - Math.floor(a / b) * b,
  '^': (a, b) => a ** b,
};

export function binary(operator: string, a: LuaValue, b: LuaValue): LuaValue {
  if (a === anything || b === anything) throw new Undecided();
  if (operator === '==') return a === b;
  if (operator === '~=') return a !== b;
  if (operator === '..') return textOf(a) + textOf(b);
  const calculate = arithmetic[operator];
  return calculate === undefined ? compare(operator, a, b) : calculate(numberOf(a), numberOf(b));
}

export function unary(operator: string, value: LuaValue): LuaValue {
  if (operator === 'not') return !isTrue(value);
  if (operator === '-') return -numberOf(value);
  if (typeof value === 'string') return value.length;
  if (value instanceof LuaTable) throw new Undecided();
  throw new LuaError(`attempt to get length of a ${typeName(value)} value`);
}

function compare(operator: string, a: LuaValue, b: LuaValue): boolean {
  const isComparable = typeof a === typeof b && (typeof a === 'number' || typeof a === 'string');
  if (!isComparable) throw new LuaError(`attempt to compare ${typeName(a)} with ${typeName(b)}`);
  const [left, right] = [a, b] as [number, number];
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

function numberOf(value: LuaValue): number {
  if (typeof value === 'number') return value;
  // A text may be a number in one of C's forms.
  if (typeof value === 'string') throw new Undecided();
  throw new LuaError(`attempt to perform arithmetic on a ${typeName(value)} value`);
}

/** What a number or text is in a text. */
function textOf(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') throw new LuaError(`attempt to concatenate a ${typeName(value)} value`);
  if (!Number.isSafeInteger(value) || Math.abs(value) >= 1e14) throw new Undecided();
  return String(value);
}
