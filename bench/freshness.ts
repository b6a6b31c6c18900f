import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { newEventId } from '../src/events/event-id.ts';
import { sleep } from '../src/kit/wait.ts';
import { createLatencies, type LatencySummary } from '../src/proof/latency.ts';
import type { LoadReport } from '../src/proof/load.ts';
import { runFleet } from '../src/proof/load-fleet.ts';
import { shoot } from './clients.ts';
import { type Bench, type Figure, toRow } from './figure.ts';
import type { LoadedServer } from './resources.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';
import { benchLog } from './scratch-postgres.ts';

const SHARE = 0.8;
const CONNECTIONS = 64;
const CAMPAIGNS = 20;
const VISITORS = 500;
/** Clients that send one event, wait until its number shows it, and send the next one. */
const PROBES = 16;
const LOOK_MS = 5;
/** Longer than the rounds of other figures: a percentile of few waits says little. */
const SECONDS_FACTOR = 2;
const GIVE_UP_MS = 5_000;
const AGAIN_MS = 100;
const NEVER_MS = 60_000;

/** From an event's acknowledgement until the counters show it, under a load that does not wait for answers. */
export const freshness: Figure = {
  name: 'freshness',
  uses: ['server'],
  run: async (bench) => {
    const server = await bench.resources.server.open(bench.progress);
    const campaigns = await makeCampaigns(server, CAMPAIGNS);
    const probes = await makeCampaigns(server, PROBES);
    const rate = Math.round(SHARE * (server.capacity ?? (await findCapacity(bench, server, campaigns[0]!))));
    const rounds: { load: LoadReport; waits: LatencySummary; probed: number }[] = [];
    for (let round = 0; round < bench.plan.rounds; round += 1) {
      bench.progress(round, bench.plan.rounds, `freshness: round ${round + 1} at ${rate} events/s`);
      await server.settle();
      rounds.push(await probeUnderLoad(bench, server, { rate, campaigns, probes }));
    }
    const list = (pick: (round: (typeof rounds)[number]) => number) => rounds.map(pick).join(', ');
    const refused = rounds.reduce((sum, { load }) => sum + load.events - load.ok + load.dropped, 0);
    const slow = rounds.filter(({ load }) => !load.kept_pace).length;
    return [
      toRow({
        title: 'acknowledgement until it shows, p99',
        unit: 's',
        rounds: rounds.map(({ waits }) => ({ weir: waits.p99 / 1_000 })),
        bar: { side: 'most', value: 2 },
        notes: [
          `at ${rate} events/s, ${SHARE} of the capacity; acknowledged/s: ${list(({ load }) => load.rate)}`,
          `p99 of the acknowledgement itself: ${list(({ load }) => load.latency_ms.p99)} ms; waits seen: ${list(({ probed }) => probed)}`,
          ...(refused > 0 ? [`${refused} events of the load had no good end in 5 s`] : []),
          ...(slow > 0
            ? [`in ${slow} round(s) the clients fell behind their own instants: the machine was full`]
            : []),
        ],
      }),
    ];
  },
};

async function makeCampaigns(server: LoadedServer, count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let at = 0; at < count; at += 1)
    ids.push(await server.makeCampaign(`freshness ${ids.length} of ${count}`));
  return ids;
}

/** Where `single` was not measured in this run. */
async function findCapacity(bench: Bench, server: LoadedServer, campaign: number): Promise<number> {
  bench.progress(0, 1, 'freshness: finding the capacity');
  const body = JSON.stringify({ type: 'view', campaign_id: campaign });
  const { seconds } = bench.plan;
  const run = () =>
    shoot({
      url: server.weir.url,
      method: 'POST',
      path: '/api/events',
      body,
      connections: CONNECTIONS,
      seconds,
    });
  await run();
  return (await run()).rate;
}

interface Target {
  readonly rate: number;
  readonly campaigns: readonly number[];
  readonly probes: readonly number[];
}

async function probeUnderLoad({ plan }: Bench, { weir }: LoadedServer, target: Target) {
  const dir = makeScratchFolder();
  const stop = new AbortController();
  const postgres = await openEmbeddedPostgres({ dataDir: weir.dataDir, log: benchLog, role: 'command' });
  const counters = await openCounters(postgres.url, target.probes);
  try {
    const waits = createLatencies();
    const probing = Promise.all(
      target.probes.map((campaign) => probe(weir.url, campaign, counters, stop.signal, waits.record)),
    );
    const loading = runFleet({
      url: weir.url,
      campaigns: target.campaigns,
      rate: target.rate,
      seconds: plan.seconds * SECONDS_FACTOR,
      visitors: VISITORS,
      token: undefined,
      timeoutMs: GIVE_UP_MS,
      giveUpMs: GIVE_UP_MS,
      // Two of them are processes of their own; one would share this one with the probes.
      processes: 2,
      seed: 7,
      history: join(dir, 'history.ndjson'),
      signal: stop.signal,
      onProgress: () => undefined,
    }).finally(() => stop.abort());
    // A probe that failed ends the load; both are over before anything is closed.
    probing.catch(() => stop.abort());
    const load = await loading;
    const probed = (await probing).reduce((sum, one) => sum + one, 0);
    return { load, waits: waits.summary(), probed };
  } finally {
    stop.abort();
    await counters.close();
    await postgres.close();
    removeScratchFolder(dir);
  }
}

/** Sends and waits until the signal; resolves with the number of its events. */
async function probe(
  url: string,
  campaign: number,
  counters: Counters,
  signal: AbortSignal,
  record: (ms: number) => void,
): Promise<number> {
  const before = await counters.next(campaign);
  for (let sent = 0; ; sent += 1) {
    if (signal.aborted) return sent;
    if (!(await deliver(url, campaign, signal))) return sent;
    const acknowledgedAt = performance.now();
    while ((await counters.next(campaign)) < before + sent + 1) {
      if (performance.now() - acknowledgedAt > NEVER_MS)
        throw new Error('An event was not counted in a minute.');
    }
    record(performance.now() - acknowledgedAt);
  }
}

/** One event, repeated under its id while the server is too full to take it; false where the signal came first. */
async function deliver(url: string, campaign: number, signal: AbortSignal): Promise<boolean> {
  const body = JSON.stringify({ event_id: newEventId(), type: 'view', campaign_id: campaign });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  while (!signal.aborted) {
    const answer = await fetch(`${url}/api/events`, init);
    await answer.arrayBuffer();
    if (answer.ok) return true;
    if (answer.status !== 503) throw new Error(`POST /api/events: ${answer.status}`);
    await sleep(AGAIN_MS, signal);
  }
  return false;
}

interface Counters {
  /** Events of the campaign, valid and not, as the next look finds them. */
  readonly next: (campaign: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Looks at the totals of all probes at once: the row that every answer with numbers of a campaign begins with. */
async function openCounters(url: string, campaigns: readonly number[]): Promise<Counters> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let looking: Promise<Map<number, number>> | undefined;

  async function look(): Promise<Map<number, number>> {
    await sleep(LOOK_MS);
    looking = undefined;
    const { rows } = await client.query<{ id: string; views: string }>({
      name: 'probes',
      text: 'select subject_id as id, sum(views) as views from counters_total where subject_kind = 1 and subject_id = any($1::bigint[]) group by 1',
      values: [campaigns],
    });
    return new Map(rows.map(({ id, views }) => [Number(id), Number(views)]));
  }

  return {
    next: async (campaign) => {
      looking ??= look();
      return (await looking).get(campaign) ?? 0;
    },
    close: () => client.end(),
  };
}
