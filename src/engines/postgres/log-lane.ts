import pg from 'pg';
import { toEngineError } from '../../db/pg-errors.ts';
import { connectionConfig } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';

// The first of the two keys of a lane's advisory lock.
const LANE_LOCK = 7366;
const RECONNECT_MS = 100;

export interface Lane {
  /** The connection that holds a lane, or undefined while there is none. */
  readonly current: () => OpenLane | undefined;
  readonly close: () => Promise<void>;
}

export interface OpenLane {
  readonly lane: number;
  readonly client: pg.Client;
  nextSeq: number;
  /** Gives this connection up: what it was doing has an unknown outcome, and a new one is opened. */
  readonly abandon: () => void;
}

interface LaneOptions {
  readonly url: string;
  readonly writeTimeoutMs: number;
  readonly log: Logger;
}

/**
 * Keeps one connection that owns a lane. The lane's advisory lock lives in that connection's session, so PostgreSQL
 * gives it to the next writer only when the last transaction of the one before has ended: commits and seq keep one order
 * even over a kill -9. A frozen session keeps its lane; the new one takes another.
 */
export async function openLane(options: LaneOptions): Promise<Lane> {
  let open: OpenLane | undefined;
  const stop = new AbortController();
  open = await connect(options, lost);
  let reopening: Promise<void> | undefined;

  function lost(): void {
    open = undefined;
    if (!stop.signal.aborted) reopening ??= reopen().finally(() => (reopening = undefined));
  }

  async function reopen(): Promise<void> {
    while (!stop.signal.aborted && open === undefined) {
      try {
        open = await connect(options, lost);
        options.log.info({ lane: open.lane }, 'the event log writes again');
      } catch (error) {
        options.log.debug({ err: error }, 'the event log has no connection yet');
        await sleep(RECONNECT_MS, stop.signal);
      }
    }
  }

  return {
    current: () => open,
    close: async () => {
      stop.abort();
      await reopening;
      await open?.client.end();
    },
  };
}

async function connect(options: LaneOptions, onLost: () => void): Promise<OpenLane> {
  const client = new pg.Client(
    connectionConfig({
      url: options.url,
      queryTimeoutMs: options.writeTimeoutMs,
      namedStatements: true,
      applicationName: 'weir-log',
    }),
  );
  let lost = false;
  const lose = () => {
    if (lost) return;
    lost = true;
    destroy(client);
    onLost();
  };
  client.on('error', lose);
  try {
    await client.connect();
    const lane = await takeLane(client);
    failpoint?.('lane.after-lock');
    const nextSeq = (await findHead(client, lane)) + 1;
    client.on('end', lose);
    return { lane, client, nextSeq, abandon: lose };
  } catch (error) {
    lost = true;
    destroy(client);
    throw toEngineError(error, 'open the event log', false);
  }
}

async function takeLane(client: pg.Client): Promise<number> {
  for (;;) {
    const { rows } = await client.query<{ lane: number }>('select lane from log_lanes order by lane');
    for (const { lane } of rows) {
      const taken = await client.query<{ ok: boolean }>('select pg_try_advisory_lock($1, $2) as ok', [
        LANE_LOCK,
        lane,
      ]);
      if (taken.rows[0]?.ok) return lane;
    }
    await client.query(
      'insert into log_lanes (lane) select coalesce(max(lane), 0) + 1 from log_lanes on conflict do nothing',
    );
  }
}

async function findHead(client: pg.Client, lane: number): Promise<number> {
  const { rows } = await client.query<{ head: number }>(
    `select greatest(floor_seq, (select max(seq) from event_log where lane = $1), 0) as head
     from log_lanes where lane = $1`,
    [lane],
  );
  return rows[0]?.head ?? 0;
}

/** Closes the socket at once: an orderly end would wait for a server that may be frozen. */
function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  connection?.stream?.destroy();
}
