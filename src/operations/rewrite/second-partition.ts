import { Worker } from 'node:worker_threads';
import fs from '../../io/file-system.ts';
import type { RunWriter } from '../../output/run-writer.ts';
import type {
  PartitionReply,
  PartitionRequest,
  PartitionSummary,
  PartitionTask,
  WritingTask,
  WrittenPartition,
  WrittenRun,
} from './partition-messages.ts';

/** What is copied at a time. */
const blockBytes = 256 * 1024;

/** The second thread of a rewrite could not do its part; `code` is of the system's error, where it was one. */
export class PartitionError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.name = 'ShardError';
    this.code = code;
  }
}

/** The shard of a dataset that another thread loads and writes. Every answer may be a PartitionError. */
export class SecondPartition {
  private readonly worker: Worker;
  private readonly replies: PartitionReply[] = [];
  private failure: PartitionError | undefined;
  private wake: () => void = () => {};

  /** Starts the thread, which then waits for `load`. */
  constructor() {
    this.worker = new Worker(new URL('./partition-worker.js', import.meta.url));
    this.worker.on('message', (reply: PartitionReply) => {
      if (reply.kind === 'failed') this.fail(reply.message, reply.code);
      else this.replies.push(reply);
      this.wake();
    });
    this.worker.on('error', (error: NodeJS.ErrnoException) => this.fail(error.message, error.code));
    this.worker.on('exit', () => this.fail('the second thread ended', undefined));
  }

  private fail(message: string, code: string | undefined): void {
    this.failure ??= new PartitionError(message, code);
    this.wake();
  }

  /** The next reply, which must be of this kind. */
  private async reply<K extends PartitionReply['kind']>(kind: K): Promise<Extract<PartitionReply, { kind: K }>> {
    for (;;) {
      const reply = this.replies.shift();
      if (reply?.kind === kind) return reply as Extract<PartitionReply, { kind: K }>;
      if (reply !== undefined) throw new Error(`the second thread says ${reply.kind}, and not ${kind}`);
      if (this.failure !== undefined) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private ask(request: PartitionRequest): void {
    this.worker.postMessage(request);
  }

  /** Lets it load its shard; `loaded` says what that is. */
  load(task: PartitionTask): void {
    this.ask(task);
  }

  /** What it has loaded. */
  loaded(): Promise<PartitionSummary> {
    return this.reply('loaded');
  }

  /** Lets it write its keys to a file, which is empty. `copyRun` and then `written` give what comes of it. */
  write(task: WritingTask): void {
    this.ask(task);
  }

  /** Puts its keys of this run, which it writes in the same order, behind what `writer` has. */
  async copyRun(database: number, number: number, descriptor: number, writer: RunWriter): Promise<void> {
    const run: WrittenRun = await this.reply('run');
    if (run.database !== database || run.run !== number) throw new Error('the two threads differ in their runs');
    const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, Math.max(run.to - run.from, 1)));
    for (let at = run.from; at < run.to; ) {
      const count = fs.readSync(descriptor, block, 0, Math.min(block.length, run.to - at), at);
      if (count === 0) throw new PartitionError('the second thread’s file is too short', undefined);
      writer.writeRecords(block, 0, count);
      at += count;
    }
  }

  written(): Promise<WrittenPartition> {
    return this.reply('written');
  }

  /** It is not wanted any more, and does nothing any more once this has resolved. */
  async stop(): Promise<void> {
    this.worker.removeAllListeners('exit');
    await this.worker.terminate();
  }
}
