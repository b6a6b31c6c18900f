import type { Db } from '../../db/pool.ts';
import { AppError } from '../../kit/errors.ts';
import { sleep } from '../../kit/wait.ts';
import { pingLock, tryLockImport } from './imports.queries.ts';
import { untilDone } from './retry.ts';

const PING_MS = 2_000;
// The server needs a moment to see that a killed process is gone; a live one keeps its lock longer than this.
const PATIENCE_MS = 3_000;
const LOOK_AGAIN_MS = 100;

/**
 * Runs `work` while no other process imports the same content. The lock saves double work and shows who is first; it is
 * not what keeps numbers right (equal ids do), so an import goes on where the lock's connection is lost.
 */
export async function withImportLock<T>(
  db: Db,
  fingerprint: Buffer,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const due = performance.now() + PATIENCE_MS;
  let holding = await untilDone(() => lock(db, fingerprint, released), signal);
  while (!holding && performance.now() < due && !signal.aborted) {
    await sleep(LOOK_AGAIN_MS, signal);
    holding = await untilDone(() => lock(db, fingerprint, released), signal);
  }
  if (!holding) {
    throw new AppError('conflict', 'Another process imports this log now. Wait for it, or stop it first.');
  }
  try {
    return await work();
  } finally {
    release();
    await holding.ended;
  }
}

/** Resolves once it is known who has the lock; the transaction stays open until `released`. */
function lock(
  db: Db,
  fingerprint: Buffer,
  released: Promise<void>,
): Promise<{ ended: Promise<void> } | undefined> {
  return new Promise((resolve, reject) => {
    const ended: Promise<void> = db
      .transaction(async (tx) => {
        if (!(await tryLockImport(tx, fingerprint))) return resolve(undefined);
        // In an object: a promise would be waited for.
        resolve({ ended });
        await keepAlive(tx, released);
      })
      .then(undefined, reject);
  });
}

/** A word now and then, so that neither the server nor a proxy takes the transaction for forgotten. */
async function keepAlive(tx: Db, released: Promise<void>): Promise<void> {
  let open = true;
  void released.then(() => (open = false));
  while (open) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([released, new Promise((next) => (timer = setTimeout(next, PING_MS)))]);
    clearTimeout(timer);
    if (open) await pingLock(tx);
  }
}
