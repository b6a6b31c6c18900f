/** The live counters of one campaign. By fetch, not EventSource: that one hides why it was refused. */
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

async function* messages(response: Response): AsyncGenerator<string> {
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
      const data = block
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n');
      if (data) yield data;
    }
  }
}

/** Calls `onLive` for every message until the signal aborts; connects again by itself, later and later. */
export const watchLive = async (
  campaignId: number,
  onLive: (live: Live) => void,
  onConnected: (connected: boolean) => void,
  signal: AbortSignal,
): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const response = await open('GET', `/campaigns/${campaignId}/live`, { signal });
      onConnected(true);
      for await (const data of messages(response)) {
        failures = 0;
        onLive(JSON.parse(data) as Live);
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
