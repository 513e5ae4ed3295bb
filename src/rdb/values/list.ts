import { countListpack, validateListpack } from '../../encodings/listpack.ts';
import { countZiplist, validateZiplist } from '../../encodings/ziplist.ts';
import type { RdbInput } from '../input.ts';
import type { ValueCheck } from '../value-check.ts';

/**
 * Lists.
 *
 *     type  1   count × string                                        (1.0)
 *     type 10   string: ziplist                                       (2.4)
 *     type 14   nodes × string: ziplist                               (3.2)
 *     type 18   nodes × { container 1 | string: one element           (7.0)
 *                         container 2 | string: listpack }
 */
export function checkLinkedList(input: RdbInput, check: ValueCheck): void {
  const count = input.count('elements');
  check.empty = count === 0;
  for (let index = 0; index < count; index++) input.skipString();
}

export function checkZiplistList(input: RdbInput, check: ValueCheck): void {
  check.empty = checkZiplistNode(input, check) === 0;
}

export function checkQuicklist(input: RdbInput, check: ValueCheck): void {
  const nodes = input.count('quicklist nodes');
  let elements = 0;
  for (let index = 0; index < nodes; index++) elements += checkZiplistNode(input, check);
  check.empty = elements === 0;
}

export function checkQuicklist2(input: RdbInput, check: ValueCheck): void {
  const nodes = input.count('quicklist nodes', 2);
  let elements = 0;
  for (let index = 0; index < nodes; index++) {
    const at = input.offset;
    const container = input.length();
    if (container === 1) {
      checkPlainNode(input, check);
      elements++;
    } else if (container === 2) elements += checkListpackNode(input, check);
    else input.fail('quicklist.container', 'a container 1 (plain) or 2 (packed)', String(container), at);
  }
  check.empty = elements === 0;
}

/** A node that is one element, which has at least a byte: a server makes no other, and loads none. */
function checkPlainNode(input: RdbInput, check: ValueCheck): void {
  const at = input.offset;
  input.need(1);
  if (input.bytes[input.position] === 0) check.fault('quicklist.plain', at, 'an element of a byte or more', '0 bytes');
  input.skipString();
}

/** Elements of a node; 1 where it was not looked into. */
function checkZiplistNode(input: RdbInput, check: ValueCheck): number {
  if (!check.blob(input)) return 1;
  const end = input.textStart + input.textLength;
  if (!check.sound(validateZiplist(input.textBytes, input.textStart, end))) return 1;
  return countZiplist(input.textBytes, input.textStart, end);
}

function checkListpackNode(input: RdbInput, check: ValueCheck): number {
  if (!check.blob(input)) return 1;
  const end = input.textStart + input.textLength;
  if (!check.sound(validateListpack(input.textBytes, input.textStart, end))) return 1;
  return countListpack(input.textBytes, input.textStart, end);
}
