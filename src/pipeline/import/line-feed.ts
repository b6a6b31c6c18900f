import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError, type ErrorCode } from '../../kit/errors.ts';
import type { LineBatch } from './line-batch.ts';
import type { ReadOptions } from './read-batches.ts';

/** Bytes of batches that wait to be taken: those of some 200,000 events. More would only need memory. */
const AHEAD_BYTES = 48 * 1_048_576;

export interface LineWorkerData extends ReadOptions {
  readonly aheadBytes: number;
}

export type FromLineWorker =
  | { readonly batch: LineBatch }
  | { readonly ended: true }
  | { readonly refused: { readonly code: ErrorCode; readonly detail: string } };

/** A log that is read by a thread of its own. */
export interface LineFeed {
  /** Once, from the first line to the last; the next ones are read while one is worked on. */
  readonly batches: () => AsyncGenerator<LineBatch, void, undefined>;
  readonly close: () => Promise<void>;
}

/** It begins to read at once. */
export function openLineFeed(options: ReadOptions): LineFeed {
  const workerData: LineWorkerData = { ...options, aheadBytes: AHEAD_BYTES };
  const worker = new Worker(new URL('line-worker.ts', import.meta.url), { workerData });
  // From now on, or a message that comes before the first `batches` would be lost.
  const messages = on(worker, 'message', { close: ['exit'] });

  return {
    batches: async function* () {
      for await (const [message] of messages as AsyncIterable<[FromLineWorker]>) {
        if ('ended' in message) return;
        if ('refused' in message) throw new AppError(message.refused.code, message.refused.detail);
        worker.postMessage(message.batch.bytes);
        yield message.batch;
      }
      throw new Error('The thread that reads the log ended before the log did.');
    },
    close: async () => {
      await messages.return?.();
      await worker.terminate();
    },
  };
}
