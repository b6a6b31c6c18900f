import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { AwsClient } from 'aws4fetch';
import { EngineError } from '../../kit/errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

const TIMEOUT_MS = 10_000;

/** A bucket of a store that speaks S3: `https://key:secret@host/bucket?region=…`, by path, signed by version 4. */
export function createS3Objects(address: string): ObjectStore {
  const url = new URL(address);
  const client = new AwsClient({
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
    region: url.searchParams.get('region') ?? 'us-east-1',
    service: 's3',
    retries: 0,
  });
  const bucket = `${url.protocol}//${url.host}${url.pathname}`;

  async function ask(operation: string, key: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      const signed = await client.sign(`${bucket}/${key}`, init);
      answer = await fetch(signed, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw new EngineError({ engine: 's3', operation, retryable: true, mayHaveHappened: true, cause });
    }
    if (answer.ok || answer.status === 404) return answer;
    await answer.body?.cancel();
    const cause = new Error(`${url.host} answered ${answer.status}`);
    const retryable = answer.status === 429 || answer.status >= 500;
    throw new EngineError({ engine: 's3', operation, retryable, mayHaveHappened: retryable, cause });
  }

  return {
    put: async (key, bytes, type) => {
      const answer = await ask('put', key, {
        method: 'PUT',
        headers: { 'content-type': type },
        body: new Uint8Array(bytes),
      });
      await answer.body?.cancel();
      if (answer.status === 404) {
        const cause = new Error(`there is no bucket ${url.pathname.slice(1)} at ${url.host}`);
        throw new EngineError({
          engine: 's3',
          operation: 'put',
          retryable: false,
          mayHaveHappened: false,
          cause,
        });
      }
    },
    get: async (key) => {
      const answer = await ask('get', key, { method: 'GET' });
      if (answer.status === 404 || !answer.body) {
        await answer.body?.cancel();
        return undefined;
      }
      const body = Readable.fromWeb(answer.body as ReadableStream);
      return { bytes: Number(answer.headers.get('content-length')), body };
    },
    remove: async (key) => {
      const answer = await ask('remove', key, { method: 'DELETE' });
      await answer.body?.cancel();
    },
  };
}
