/** The thread that reads a log while another one judges and writes what it came to. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../kit/errors.ts';
import { listBuffers } from './line-batch.ts';
import type { FromLineWorker, LineWorkerData } from './line-feed.ts';
import { readBatches } from './read-batches.ts';

const port = parentPort!;
const { aheadBytes, ...options } = workerData as LineWorkerData;
let ahead = 0;
port.on('message', (taken: number) => {
  ahead -= taken;
});

function post(message: FromLineWorker, buffers: ArrayBuffer[] = []): void {
  port.postMessage(message, buffers);
}

try {
  for await (const batch of readBatches(options)) {
    while (ahead >= aheadBytes) await once(port, 'message');
    ahead += batch.bytes;
    post({ batch }, listBuffers(batch));
  }
  post({ ended: true });
} catch (error) {
  // An error of a class of our own does not survive the way to another thread.
  if (!(error instanceof AppError)) throw error;
  post({ refused: { code: error.code, detail: error.message } });
} finally {
  port.close();
}
