import { sleep } from '../../kit/wait.ts';

const MOST_TRIES = 10;

/**
 * Asks again, after its Retry-After, what a busy server refused for now (503), as any client does. Resolves with the last
 * answer after ten tries; rejects as `ask` does.
 */
export async function askPatiently(ask: () => Promise<Response>): Promise<Response> {
  let answer = await ask();
  for (let tries = 1; tries < MOST_TRIES && answer.status === 503; tries += 1) {
    await answer.arrayBuffer();
    await sleep(1_000 * Number(answer.headers.get('retry-after') ?? 1));
    answer = await ask();
  }
  return answer;
}
