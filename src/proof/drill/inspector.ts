import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** For the server's environment: it then tells in its output where its inspector listens, on loopback. */
export const WITH_INSPECTOR = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** What only a process itself knows, asked over its inspector (Chrome DevTools Protocol). */
export interface Inspector {
  /** The value of an expression; it must be what JSON can hold. */
  readonly evaluate: <T>(expression: string) => Promise<T>;
  readonly collectGarbage: () => Promise<void>;
  readonly close: () => void;
}

const OPEN_LIMIT_MS = 5_000;

interface Reply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly error?: { readonly message: string };
}

/** `logFile` holds the output of the server that was started last. */
export async function openInspector(logFile: string): Promise<Inspector> {
  const url = readFileSync(logFile, 'utf8')
    .match(/ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g)
    ?.at(-1);
  if (url === undefined) throw new Error(`${logFile} does not say where the server's inspector listens`);
  const socket = new WebSocket(url);
  await once(socket, 'open', { signal: AbortSignal.timeout(OPEN_LIMIT_MS) });
  const waiting = new Map<number, PromiseWithResolvers<Reply>>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply;
    if (reply.id !== undefined) waiting.get(reply.id)?.resolve(reply);
    if (reply.id !== undefined) waiting.delete(reply.id);
  });
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error("the server's inspector is gone"));
  });

  async function call(method: string, params: object): Promise<Reply> {
    last += 1;
    const answer = Promise.withResolvers<Reply>();
    waiting.set(last, answer);
    socket.send(JSON.stringify({ id: last, method, params }));
    const reply = await answer.promise;
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply;
  }

  return {
    evaluate: async <T>(expression: string) =>
      (await call('Runtime.evaluate', { expression, returnByValue: true })).result?.result?.value as T,
    collectGarbage: async () => void (await call('HeapProfiler.collectGarbage', {})),
    close: () => socket.close(),
  };
}
