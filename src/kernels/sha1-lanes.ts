/*
 * The module that hashes many short messages at a time (assembly/sha1.ts), and where it keeps things. Each user has an instance of
 * its own: what lies in its memory waits until it is hashed.
 */
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { sha1Base64 } from './sha1.generated.ts';

/** Bytes from the start of the module's memory. */
const slotsAt = 4096;
const listAt = 532_480;
const messagesAt = 884_736;
/** Slots of five words. */
export const slotCount = 24_576;
/** Records of three words: messages, element chains and key chains share them. */
export const recordCount = 24_576;
/** Bytes of messages, each with what ends it. */
export const messageBytes = 589_824;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  sha1Messages(list: number, count: number, slots: number): void;
  sha1Chains(list: number, count: number, slots: number): void;
}

export interface Sha1Lanes {
  /** `slotCount` slots of five words. */
  readonly slots: Int32Array;
  /** `recordCount` records of three words. */
  readonly records: Int32Array;
  /** Where messages are put, each followed by room up to a multiple of 64 that is at least nine more than its length. */
  readonly messages: Buffer;
  /** Hashes the messages of `count` records from number `first` on: position, length, slot that the hash is xored into. */
  hashMessages(first: number, count: number): void;
  /**
   * Runs the chains of `count` records from number `first` on: first slot, number of slots, slot that the result is xored into. A
   * chain's state starts as zeros; each slot in turn is xored into it and the SHA-1 of that becomes the state.
   */
  runChains(first: number, count: number): void;
}

const module = new KernelModule<Exports>(sha1Base64);

/** A new instance; undefined where this machine's engine cannot run it. */
export function sha1Lanes(): Sha1Lanes | undefined {
  return whereKernelsRun(instance);
}

function instance(): Sha1Lanes {
  const { memory, sha1Messages, sha1Chains } = module.instance();
  const records = new Int32Array(memory.buffer, listAt, recordCount * 3);
  return {
    slots: new Int32Array(memory.buffer, slotsAt, slotCount * 5),
    records,
    messages: Buffer.from(memory.buffer, messagesAt, messageBytes),
    hashMessages: (first, count) => {
      for (let record = first * 3, end = record + count * 3; record < end; record += 3) records[record] += messagesAt;
      sha1Messages(listAt + first * 12, count, slotsAt);
    },
    runChains: (first, count) => sha1Chains(listAt + first * 12, count, slotsAt),
  };
}
