import type { FindingList } from '../aof/report.ts';
import { anyPayload, checkPayload, type PayloadRules } from '../rdb/codec/payload.ts';
import type { CommandView } from '../resp/command-view.ts';
import { addPayloadFinding } from './load/payload-finding.ts';

export interface PayloadCheck {
  readonly database: number;
  readonly file: string;
  readonly findings: FindingList;
  readonly tells: NonNullable<PayloadRules['tellsDamage']>;
}

/** Looks into the value that a RESTORE carries: servers end at some that are damaged, others are an error that they reply. */
export function checkRestore(frame: CommandView, { database, file, findings, tells }: PayloadCheck): void {
  if (frame.argc < 4) return;
  const start = frame.starts[3];
  checkPayload(frame.bytes.subarray(start, start + frame.lengths[3]), {
    ...anyPayload,
    tellsDamage: tells,
    tellsModules: true,
    onRefusal: (refusal) => addPayloadFinding(refusal, frame, database, file, findings),
  });
}
