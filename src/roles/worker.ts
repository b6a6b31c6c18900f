import type { Engines } from '../compose.ts';
import { openPool } from '../db/pool.ts';
import { createPostgresJobs } from '../engines/postgres/postgres-jobs.ts';
import { type Schedule, startJobs, startSchedules } from '../pipeline/jobs/index.ts';
import { createJobHandlers } from './job-handlers.ts';

interface Part {
  readonly close: () => Promise<void>;
}

const CONNECTIONS = 4;
/** A job may tell ten thousand people in one statement. */
const QUERY_TIMEOUT_MS = 20_000;

/** Does what committed changes made due. Any number of processes may; each job is one's at a time. */
export async function startWorker(engines: Engines): Promise<Part> {
  const { logger } = engines;
  const db = openPool({
    url: engines.directUrl,
    max: CONNECTIONS,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    namedStatements: true,
    applicationName: 'weir-worker',
    log: logger,
    isPatient: engines.isStarting,
  });
  const handlers = await createJobHandlers(engines, db);
  const jobs = startJobs({ queue: createPostgresJobs(db), handlers, logger, random: Math.random });
  return {
    close: async () => {
      await jobs.close();
      await db.close();
    },
  };
}

const SCHEDULES: readonly Schedule[] = [
  { name: 'purge', kind: 'purge-posts', cron: '30 * * * *', missed: 'latest' },
  { name: 'purge-comments', kind: 'purge-comments', cron: '45 * * * *', missed: 'latest' },
  { name: 'purge-attachments', kind: 'purge-attachments', cron: '15 * * * *', missed: 'latest' },
  { name: 'retire-notifications', kind: 'retire-notifications', cron: '5 * * * *', missed: 'latest' },
  // Members have their morning in their own zones.
  { name: 'digests', kind: 'plan-digests', cron: '0 * * * *', missed: 'each' },
];

/** Makes jobs of what the calendar makes due; each occurrence one, however many processes do so. */
export function startScheduler({ maintenance: db, logger }: Engines): Part {
  return startSchedules(SCHEDULES, { db, timeZone: 'Asia/Seoul', logger });
}
