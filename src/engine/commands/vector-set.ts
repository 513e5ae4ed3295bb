/** Vector sets (Redis 8.0): what is in them, not the graph that a server builds of it. */

import { parseDoubleText } from '../../encodings/number-text.ts';
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { Kind } from '../../values/value.ts';
import type { Quantization } from '../../values/vector-quantization.ts';
import { linksDefault, type SerializedModule, VectorSet } from '../../values/vector-set.ts';
import { wrongType } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family } from './family.ts';

const badVector = 'ERR invalid vector specification';

/** The set at the key; undefined where there is none; a string is the error reply. One from an RDB is opened for commands. */
function find(session: Session, frame: CommandView): VectorSet | undefined | string {
  const found = session.read<VectorSet | SerializedModule>(frame, 1, Kind.Module);
  if (found === undefined || typeof found === 'string' || found instanceof VectorSet) return found;
  if (found.typeName !== 'vectorset') return wrongType;
  const set = VectorSet.over(found);
  session.store(session.find(frame, 1), set);
  return set;
}

/** Notes a command on a set whose graph lies in an RDB, for a server to do it again. */
function carry(set: VectorSet, frame: CommandView): void {
  if (set.base !== undefined) set.later.push(Array.from({ length: frame.argc }, (_, i) => frame.text(i)));
}

type Addition = {
  readonly vector: Float32Array;
  readonly reduced: number;
  readonly element: string;
  readonly quantization: Quantization;
  readonly links: number;
  readonly attribute: string | undefined;
};

/** VADD key [REDUCE dim] (FP32 blob | VALUES n x ...) element [CAS] [NOQUANT|Q8|BIN] [EF n] [SETATTR text] [M n] */
function add(session: Session, frame: CommandView): string | undefined {
  const addition = parseAddition(frame);
  if (typeof addition === 'string') return addition;
  let set = find(session, frame);
  if (typeof set === 'string') return set;
  const { vector, reduced, element, quantization, links, attribute } = addition;
  if (set === undefined) {
    set = new VectorSet(quantization, vector.length, reduced, links);
    session.add(frame, 1, set);
  } else {
    const mismatch = mismatchOf(set, addition);
    if (mismatch !== undefined) return mismatch;
  }
  carry(set, frame);
  // An empty text is an attribute of a new element, and takes the one of a known element away.
  const known = set.elements.get(element)?.attribute;
  const changed = attribute === '' && set.elements.has(element) ? undefined : (attribute ?? known);
  set.elements.set(element, { vector, attribute: changed });
  return undefined;
}

/** Why the set does not take such a vector. */
function mismatchOf(set: VectorSet, { vector, reduced, quantization, links }: Addition): string | undefined {
  if (vector.length !== set.inputDimension || reduced !== set.reduced) {
    return `ERR Vector dimension mismatch - got ${vector.length} but set has ${set.dimension}`;
  }
  if (quantization !== set.quantization) return 'ERR asked quantization mismatch with existing vector set';
  return links === set.links ? undefined : 'ERR asked M value mismatch with existing vector set';
}

function parseAddition(frame: CommandView): Addition | string {
  let index = 2;
  let reduced = 0;
  if (isWord(frame, index, 'REDUCE')) {
    reduced = integerArgument(frame, index + 1);
    if (!(reduced > 0)) return badVector;
    index += 2;
  }
  const parsed = parseVector(frame, index);
  if (parsed === undefined || parsed.after >= frame.argc || reduced > parsed.vector.length) return badVector;
  const element = frame.text(parsed.after);
  const options = parseOptions(frame, parsed.after + 1);
  return typeof options === 'string' ? options : { vector: parsed.vector, reduced, element, ...options };
}

function parseVector(frame: CommandView, index: number): { vector: Float32Array; after: number } | undefined {
  if (index + 1 >= frame.argc) return undefined;
  if (isWord(frame, index, 'FP32')) {
    const blob = frame.copy(index + 1);
    if (blob.length === 0 || blob.length % 4 !== 0) return undefined;
    const vector = new Float32Array(blob.length / 4);
    for (let i = 0; i < vector.length; i++) vector[i] = blob.readFloatLE(i * 4);
    return { vector, after: index + 2 };
  }
  const count = integerArgument(frame, index + 1);
  if (!isWord(frame, index, 'VALUES') || !(count > 0) || index + 1 + count >= frame.argc) return undefined;
  const vector = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const component = parseDoubleText(frame.text(index + 2 + i));
    if (Number.isNaN(component)) return undefined;
    vector[i] = component;
  }
  return { vector, after: index + 2 + count };
}

function parseOptions(
  frame: CommandView,
  first: number,
): Pick<Addition, 'quantization' | 'links' | 'attribute'> | string {
  let quantization: Quantization = 'Q8';
  let links = linksDefault;
  let attribute: string | undefined;
  for (let index = first; index < frame.argc; index++) {
    const more = index + 1 < frame.argc;
    if (isWord(frame, index, 'CAS')) continue;
    if (isWord(frame, index, 'NOQUANT')) quantization = 'NOQUANT';
    else if (isWord(frame, index, 'BIN')) quantization = 'BIN';
    else if (isWord(frame, index, 'Q8')) quantization = 'Q8';
    else if (more && isWord(frame, index, 'SETATTR')) attribute = frame.text(++index);
    else if (more && isWord(frame, index, 'EF')) {
      const effort = integerArgument(frame, ++index);
      if (!(effort >= 1 && effort <= 1000000)) return 'ERR invalid EF';
    } else if (more && isWord(frame, index, 'M')) {
      links = integerArgument(frame, ++index);
      if (!(links >= 4 && links <= 4096)) return 'ERR invalid M';
    } else return 'ERR invalid option after element';
  }
  return { quantization, links, attribute };
}

/** VREM key element */
function remove(session: Session, frame: CommandView): string | undefined {
  const set = find(session, frame);
  if (set === undefined || typeof set === 'string') return set;
  carry(set, frame);
  set.elements.delete(frame.text(2));
  session.removeIfEmpty(frame, 1, set);
  return undefined;
}

/** VSETATTR key element text: an empty text removes the attribute. */
function setAttribute(session: Session, frame: CommandView): string | undefined {
  const set = find(session, frame);
  if (set === undefined || typeof set === 'string') return set;
  carry(set, frame);
  const element = set.elements.get(frame.text(2));
  if (element !== undefined) element.attribute = frame.lengths[3] === 0 ? undefined : frame.text(3);
  return undefined;
}

export const vectorSetFamily: Family = {
  name: 'vector-set',
  commands: {
    VADD: { arity: -5, keys: [1, 1, 1], handler: add, fork: 'redis' },
    VREM: { arity: 3, keys: [1, 1, 1], handler: remove, fork: 'redis' },
    VSETATTR: { arity: 4, keys: [1, 1, 1], handler: setAttribute, fork: 'redis' },
  },
};
