import { newEventId } from '../../events/event-id.ts';
import { sleep } from '../../kit/wait.ts';
import { runLoad } from '../load.ts';
import { TRY_LIMIT_MS } from './drill-load.ts';
import { measureCapacity, mixOf } from './measure-capacity.ts';
import { describeMisses, findViolations, type OverloadPart, toFigures } from './overload-figures.ts';
import { startProbeProcess } from './probe-process.ts';
import { type Split, splitProcessors, startOn, unsplit } from './processors.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import type { Environment } from './server-process.ts';

const SECONDS = 120;
const FACTOR = 3;
/** Events a second of the database that is slowed down. */
const SLOWED_RATE = 2_000;
/** What gives out first, and how many events a request holds. The first alone where nothing else is said. */
const OVERLOADS = [
  { bottleneck: 'database', batch: 1 },
  { bottleneck: 'processor', batch: 20 },
  { bottleneck: 'processor', batch: 1 },
] as const;
/** Its code is interpreted, never compiled: so its processor gives out before that of the clients. */
const UNCOMPILED = `import v8 from 'node:v8'; v8.setFlagsFromString('--no-sparkplug --no-maglev --no-turbofan');`;
const SLOWED_PROCESSOR = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(UNCOMPILED)}` };
const MEASURED_SHARE = 0.25;
const MOST_MEASURED_SECONDS = 10;
/** Each request that comes while others wait needs its own: who does not back off does not queue up either. */
const SOCKETS = 4_096;
const PACE_MS = 20;
const NORMAL_IN_ROW = 25;
const NORMAL_MS = 250;
const NORMAL_LIMIT_MS = 30_000;

/** More than the server can do, from clients that do not back off: it refuses early, and goes on with the rest. */
export const overload: Scenario = {
  name: 'overload',
  title: 'three times the load that it can carry, of clients that do not back off',
  run: async (rig, { seconds = SECONDS, rate = SLOWED_RATE, rounds = 1, signal, onProgress }) => {
    const split = splitProcessors();
    try {
      await startServer(rig, split);
      const [probed, ...campaigns] = await rig.makeCampaigns(4);
      const parts: OverloadPart[] = [];
      const overloads = OVERLOADS.slice(0, rounds);
      for (const { bottleneck, batch } of overloads) {
        if (signal.aborted) break;
        const name = `${bottleneck}, ${batch === 1 ? 'single events' : `batches of ${batch}`}`;
        onProgress(parts.length, overloads.length, `too much for the ${name}`);
        await rig.server.end('SIGTERM');
        await startServer(rig, split, bottleneck === 'processor' ? SLOWED_PROCESSOR : {});
        if (bottleneck === 'database') await slowDatabase(rig, rate);
        parts.push(await overloadOnce(rig, { name, batch, campaigns, probed: probed!, seconds, signal }));
        if (bottleneck === 'database') await hastenDatabase(rig);
      }
      onProgress(parts.length, parts.length, `${parts.length} overloads`);
      return {
        violations: parts.flatMap(findViolations),
        figures: {
          processors: split ?? 'shared by all',
          ...Object.fromEntries(parts.map((part) => [part.name, toFigures(part)])),
        },
        notes: parts.flatMap(describeMisses),
      };
    } finally {
      if (split) unsplit(split);
    }
  },
};

/** With its database, which is its child. */
async function startServer({ server }: Rig, split: Split | undefined, env?: Environment): Promise<void> {
  if (split) startOn(split, () => server.launch(env));
  else server.launch(env);
  await server.ready();
}

interface Plan {
  readonly name: string;
  readonly batch: number;
  readonly campaigns: readonly number[];
  /** The campaign of the probe, in no line of the history. */
  readonly probed: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

async function overloadOnce(rig: Rig, plan: Plan): Promise<OverloadPart> {
  const { server, history, random } = rig;
  const { name, batch, campaigns, probed, seconds, signal } = plan;
  const measured = Math.min(MOST_MEASURED_SECONDS, Math.max(1, seconds * MEASURED_SHARE));
  const capacity = await measureCapacity(rig, { campaigns, seconds: measured, batch, signal });
  const before = server.memoryMb();
  let peak = before;
  const probe = await startProbeProcess(server.url, probed);
  const report = await runLoad({
    url: server.url,
    campaigns,
    rate: FACTOR * Math.max(1, capacity),
    seconds,
    mix: mixOf(batch),
    batch,
    token: undefined,
    sockets: SOCKETS,
    timeoutMs: TRY_LIMIT_MS,
    giveUpMs: 0,
    history,
    random,
    signal,
    onProgress: () => {
      const now = server.memoryMb();
      if (now !== undefined && now > (peak ?? 0)) peak = now;
    },
  });
  const normalAfterMs = await untilNormal(rig, probed);
  return {
    name,
    capacity,
    goodput: Math.round(report.ok / Math.min(seconds, report.seconds)),
    report,
    probe: await probe.stop(),
    urgentProbe: probe.urgent,
    memoryMb: { before, peak, after: server.memoryMb() },
    normalAfterMs,
  };
}

/** Milliseconds until events, one after the other, are taken at once again. */
async function untilNormal({ server }: Rig, campaign: number): Promise<number | undefined> {
  const endedAt = performance.now();
  let normalAt = endedAt;
  let inRow = 0;
  while (performance.now() - endedAt < NORMAL_LIMIT_MS) {
    const askedAt = performance.now();
    const ok = await sendOne(`${server.url}/api/events`, campaign);
    if (ok && performance.now() - askedAt <= NORMAL_MS) {
      if (inRow === 0) normalAt = askedAt;
      inRow += 1;
      if (inRow === NORMAL_IN_ROW) return Math.round(normalAt - endedAt);
    } else inRow = 0;
    await sleep(PACE_MS);
  }
  return undefined;
}

async function sendOne(url: string, campaign_id: number): Promise<boolean> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ event_id: newEventId(), campaign_id, type: 'view' }),
    signal: AbortSignal.timeout(TRY_LIMIT_MS),
  }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}

/** So that a machine of any speed can be asked for three times as much as its database keeps. */
async function slowDatabase({ postgres }: Rig, rate: number): Promise<void> {
  await postgres.query(
    `create function drill_slow() returns trigger language plpgsql as
       $$ begin perform pg_sleep((select count(*) from added) / ${rate}::float8); return null; end $$;
     create trigger drill_slow after insert on event_log referencing new table as added
       for each statement execute function drill_slow()`,
  );
}

async function hastenDatabase({ postgres }: Rig): Promise<void> {
  await postgres.query('drop trigger drill_slow on event_log; drop function drill_slow()');
}
