/**
 * Aux fields and cluster records of an RDB, and which servers read them: rdbLoadRioWithLoadingCtx in the servers' rdb.c. A server
 * passes over an aux field that it does not know, so that one which nobody here knows is copied too.
 */
import { lookUp } from '../../records.ts';
import type { LossKind } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';

/** Those that every writer writes anew. */
export const ownFields: ReadonlySet<string> = new Set([
  'redis-ver',
  'valkey-ver',
  'redis-bits',
  'ctime',
  'used-mem',
  'aof-preamble',
  'aof-base',
]);

/** Where a file stands in a replication (4.0), in the order in which servers write them. */
export const replicationFields: readonly string[] = ['repl-stream-db', 'repl-id', 'repl-offset'];

/** What a field is, for a report, and who makes something of it. */
interface AuxField {
  readonly kind: LossKind;
  readonly what: string;
  reads(target: Target): boolean;
}

const replication: AuxField = {
  kind: 'replication-state',
  what: 'from where replicas go on',
  reads: (target) => target.hasModules,
};

const fields: Readonly<Record<string, AuxField | undefined>> = {
  'repl-stream-db': replication,
  'repl-id': replication,
  'repl-offset': replication,
  lua: {
    kind: 'script',
    what: 'the scripts in its cache',
    reads: (target) => target.hasModules && !target.hasFunctions,
  },
  'slot-info': {
    kind: 'slot-sizes',
    what: 'the sizes of slots',
    reads: (target) => target.fork === 'valkey' && target.versionField === 'valkey-ver',
  },
  'cluster-asm-task': {
    kind: 'slot-migration',
    what: 'the migration of slots that was under way',
    reads: (target) => target.fork === 'redis' && target.hasSlotTasks,
  },
  'cluster-slot-states': {
    kind: 'slot-migration',
    what: 'the slots that were being migrated',
    reads: (target) => target.fork === 'valkey' && target.rdbVersion >= 80,
  },
};

const other: AuxField = { kind: 'aux-field', what: 'aux fields', reads: (target) => target.hasAux };

/** What an aux field is; one that is not known here is copied to whoever has any. */
export function auxField(name: string): AuxField {
  return lookUp(fields, name) ?? other;
}

/** Opcode 244 (Redis 7.4): how many keys a slot has. */
export function readsSlotSizes({ fork, rdbVersion }: Target): boolean {
  return fork === 'redis' && rdbVersion >= 12;
}

/** Opcode 243 of Valkey 9: slots that are being imported. */
export function readsSlotImports({ fork, rdbVersion }: Target): boolean {
  return fork === 'valkey' && rdbVersion >= 80;
}
