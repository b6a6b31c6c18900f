import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Counting } from '../assignment/counted-logs.ts';
import { FULL_DISK_BYTES, findFullDisk, LOW_DISK_BYTES } from '../db/embedded/index.ts';
import type { Db } from '../db/pool.ts';
import { createSharedReads } from '../kit/shared-reads.ts';
import { listImports } from '../pipeline/import/index.ts';
import { readCheckState } from '../pipeline/verify/index.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Recorder } from '../raw-stores.ts';

export interface HealthDeps {
  readonly db: Db;
  readonly log: EventLog;
  readonly counting: Pick<Counting, 'readState'>;
  /** undefined where the log's own rows are the raw store. */
  readonly recorder: Pick<Recorder, 'readLag'> | undefined;
  /** True once the process began to stop: a balancer shall send nothing more. */
  readonly stopping: () => boolean;
  /** Of the embedded PostgreSQL; undefined where another one serves. */
  readonly dataDir: string | undefined;
}

const Nullable = {
  integer: Type.Union([Type.Integer(), Type.Null()]),
  string: Type.Union([Type.String(), Type.Null()]),
};
const Status = Type.Object({
  pipeline: Type.Object({
    lag_events: Nullable.integer,
    complete_through: Nullable.string,
    lag_ms: Nullable.integer,
    parked: Type.Integer(),
  }),
  raw: Type.Optional(
    Type.Object(
      { lag_events: Type.Integer(), lag_ms: Nullable.integer },
      { description: 'what the recorder has still to copy; absent where no recorder is needed' },
    ),
  ),
  imports: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      state: Type.Enum(['running', 'done', 'failed', 'interrupted']),
      lines: Type.Integer(),
      lines_total: Type.Integer(),
      bytes_read: Type.Integer(),
      bytes_total: Type.Integer(),
      events: Type.Integer(),
      parked: Type.Integer(),
      rate: Type.Number({ description: 'lines a second' }),
      eta_ms: Nullable.integer,
      failure: Nullable.string,
      started_at: Type.String(),
      finished_at: Nullable.string,
    }),
  ),
  checks: Type.Optional(
    Type.Object({
      open: Type.Record(Type.String(), Type.Integer(), { description: 'findings not settled yet, by kind' }),
      repaired: Type.Integer(),
      passes: Type.Array(
        Type.Object({
          name: Type.String(),
          done: Type.Integer(),
          total: Type.Integer(),
          finished_at: Nullable.string,
        }),
      ),
    }),
  ),
});

/** /health for whoever restarts and balances, /api/status for the console's corner. */
export function registerHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  const open = { config: { policy: 'anyone', credentials: 'ignored', shed: 'never' } } as const;
  // Every open console asks for it every two seconds.
  const share = createSharedReads();
  app.get('/health/live', open, () => ({ status: 'live' }));
  app.get('/health/ready', open, async (_request, reply) => {
    const missing = await findMissing(deps);
    reply.header('cache-control', 'no-store');
    if (missing.length === 0) return { status: 'ready', missing };
    return reply.code(503).header('retry-after', '1').send({ status: 'not_ready', missing });
  });
  app.get(
    '/api/status',
    {
      config: { policy: 'signed-in' },
      schema: { summary: 'Lag of the pipeline, and imports', tags: ['Health'], response: { 200: Status } },
    },
    () =>
      share('status', async () => ({
        pipeline: await deps.counting.readState(),
        raw: await deps.recorder?.readLag(),
        imports: await listImports(deps.db),
        checks: await readCheckState(deps.db),
      })),
  );
}

async function findMissing(deps: HealthDeps): Promise<string[]> {
  if (deps.stopping()) return ['stopping'];
  const missing: string[] = [];
  if (!deps.log.writable()) missing.push('event log');
  try {
    await deps.db.query('select 1', [], 'ping');
  } catch {
    // The name is the whole answer; the cause is in the log of whoever needed the database.
    missing.push('database');
  }
  // A disk that is nearly full is only a reason for what is missing: events may still be kept.
  const least = missing.length > 0 ? LOW_DISK_BYTES : FULL_DISK_BYTES;
  if (deps.dataDir !== undefined && findFullDisk(deps.dataDir, least)) missing.push('disk space');
  return missing;
}
