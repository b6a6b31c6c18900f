import pg from 'pg';
import { connectionConfig } from '../../db/pool.ts';
import type { LaneSession } from './log-lane.ts';

// The first of the two keys of a lane's advisory lock.
const LANE_LOCK = 7366;

export interface PostgresSession extends LaneSession {
  readonly client: pg.Client;
}

/** A direct connection (no PgBouncer): the lane's lock lives in its session. */
export async function openLaneSession(
  url: string,
  queryTimeoutMs: number,
  onLost: () => void,
): Promise<PostgresSession> {
  const client = new pg.Client(
    connectionConfig({ url, queryTimeoutMs, namedStatements: true, applicationName: 'weir-log' }),
  );
  client.on('error', onLost);
  try {
    await client.connect();
  } catch (error) {
    destroy(client);
    throw error;
  }
  client.on('end', onLost);
  return {
    client,
    listLanes: async () => {
      const { rows } = await client.query<{ lane: number }>(
        'select lane from log_lanes where source is null order by lane',
      );
      return rows.map((row) => row.lane);
    },
    tryLock: async (lane) => {
      const { rows } = await client.query<{ ok: boolean }>('select pg_try_advisory_lock($1, $2) as ok', [
        LANE_LOCK,
        lane,
      ]);
      return rows[0]?.ok ?? false;
    },
    addLane: async () => {
      await client.query(
        'insert into log_lanes (lane) select coalesce(max(lane), 0) + 1 from log_lanes on conflict do nothing',
      );
    },
    findHead: async (lane) => {
      const { rows } = await client.query<{ head: number }>(
        `select greatest(floor_seq, (select max(seq) from event_log where lane = $1), 0) as head
         from log_lanes where lane = $1`,
        [lane],
      );
      return rows[0]?.head ?? 0;
    },
    destroy: () => destroy(client),
    end: () => client.end(),
  };
}

function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  connection?.stream?.destroy();
}
