import { createRandom } from '../src/proof/random.ts';
import { createClient, startWeir } from '../test/support/weir.ts';
import { type Figure, median, percentile, type Round, toRow } from './figure.ts';
import { CAMPAIGNS, OWNER, type Stored } from './stored-events.ts';

const REQUESTS = 200;
const WARM_UP = 50;

/** 30 days of hours of any campaign, asked by its owner over HTTP, one request at a time. */
export const statsLatency: Figure = {
  name: 'stats',
  uses: ['stored'],
  run: async (bench) => {
    const stored = await bench.resources.stored.open(bench.progress);
    const weir = await startWeir({ dataDir: stored.dataDir });
    try {
      const { body } = await createClient(weir.url, {})('POST', '/api/token/pair', OWNER);
      const random = createRandom(7);
      const askSome = (requests: number) => ask(weir.url, body.access, stored, random, requests);
      await askSome(WARM_UP);
      const { rounds: count } = bench.plan;
      const rounds: Round[] = [];
      const all: number[] = [];
      for (let round = 0; round < count; round += 1) {
        bench.progress(round, count, `stats: round ${round + 1}`);
        const took = await askSome(REQUESTS);
        all.push(...took);
        rounds.push({ weir: percentile(took, 0.95) });
      }
      const { log, counted } = stored.bytesPerEvent;
      return [
        toRow({
          title: 'statistics of 30 days by the hour, p95',
          unit: 'ms',
          rounds,
          bar: { side: 'most', value: 50 },
          notes: [
            `${REQUESTS} requests a round for random ones of ${CAMPAIGNS} campaigns, ${stored.rows} raw rows stored`,
            `of all: median ${median(all).toFixed(1)} ms, p99 ${percentile(all, 0.99).toFixed(1)} ms, most ${Math.max(...all).toFixed(1)} ms`,
            `on disk an event: ${Math.round(log)} bytes in the log, ${Math.round(counted)} in counters and sets`,
          ],
        }),
      ];
    } finally {
      await weir.close();
    }
  },
};

/** Milliseconds of each answer, its last byte included. Throws where one holds nothing. */
async function ask(url: string, token: string, { from, to }: Stored, random: () => number, requests: number) {
  const took: number[] = [];
  const range = `from=${from.toISOString()}&to=${to.toISOString()}&interval=hour`;
  const headers = { authorization: `Bearer ${token}` };
  for (let request = 0; request < requests; request += 1) {
    const id = 1 + Math.floor(random() * CAMPAIGNS);
    const startedAt = performance.now();
    const answer = await fetch(`${url}/api/campaigns/${id}/stats?${range}`, { headers });
    const text = await answer.text();
    took.push(performance.now() - startedAt);
    const body = answer.ok
      ? (JSON.parse(text) as { series: unknown[]; totals: { views: number } })
      : undefined;
    if (body?.series.length !== 30 * 24 || body.totals.views === 0)
      throw new Error(`Statistics of campaign ${id} answered ${answer.status}: ${text.slice(0, 200)}`);
  }
  return took;
}
