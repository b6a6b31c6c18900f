import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../kit/errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/** Objects as files below a folder: written beside, synced, then renamed, so that a file is whole or not there. */
export function createDiskObjects(folder: string): ObjectStore {
  const pathOf = (key: string) => {
    if (!/^[\w-]+(\.[\w-]+)*(\/[\w-]+(\.[\w-]+)*)*$/.test(key))
      throw new Error(`${key} is no key of an object`);
    return join(folder, key);
  };
  return {
    put: (key, bytes) => guard('put', () => write(pathOf(key), bytes)),
    get: (key) =>
      guard('get', async () => {
        const file = await open(pathOf(key)).catch(unlessMissing);
        if (!file) return undefined;
        const { size } = await file.stat();
        return { bytes: size, body: file.createReadStream() };
      }),
    remove: (key) => guard('remove', () => rm(pathOf(key), { force: true })),
  };
}

async function write(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomUUID()}`;
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
  await file.close();
  await rename(beside, path);
  // The name is durable once its folder is.
  const parent = await open(dirname(path));
  await parent.sync().finally(() => parent.close());
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

async function guard<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new EngineError({ engine: 'disk', operation, retryable: true, mayHaveHappened: true, cause });
  }
}
