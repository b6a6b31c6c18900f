/** Streams of the server. By fetch, not EventSource: that one hides why it was refused, and renews no sign-in. */
import type { Live } from './api.ts';
import { ApiError, open } from './request.ts';

const LONGEST_WAIT_MS = 15_000;

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

interface Message {
  id: string | undefined;
  data: string;
}

async function* messages(response: Response): AsyncGenerator<Message> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split(/\r?\n/);
      const field = (name: string) =>
        lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length).trimStart());
      const data = field('data:').join('\n');
      if (data) yield { id: field('id:')[0], data };
    }
  }
}

interface Stream {
  path: string;
  onMessage: (data: string) => void;
  onConnected: (connected: boolean) => void;
  signal: AbortSignal;
}

/** Calls `onMessage` for every message until the signal aborts; connects again by itself, later and later, behind the last one. */
export const watch = async ({ path, onMessage, onConnected, signal }: Stream): Promise<void> => {
  let failures = 0;
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const response = await open('GET', path, { headers, signal });
      onConnected(true);
      for await (const { id, data } of messages(response)) {
        failures = 0;
        lastId = id ?? lastId;
        onMessage(data);
      }
    } catch (error) {
      // who may not see it now may not see it in a second either
      if (error instanceof ApiError && error.problem.status < 429) {
        onConnected(false);
        return;
      }
    }
    if (signal.aborted) return;
    onConnected(false);
    await pause(Math.min(LONGEST_WAIT_MS, 1000 * 2 ** failures++), signal);
  }
};

/** The live counters of one campaign. */
export const watchLive = (
  campaignId: number,
  onLive: (live: Live) => void,
  onConnected: (connected: boolean) => void,
  signal: AbortSignal,
): Promise<void> =>
  watch({
    path: `/campaigns/${campaignId}/live`,
    onMessage: (data) => onLive(JSON.parse(data) as Live),
    onConnected,
    signal,
  });
