import { createDaySecrets } from '../../src/db/day-secrets.ts';
import type { Db } from '../../src/db/pool.ts';
import { createPostgresRaw } from '../../src/engines/postgres/postgres-raw.ts';
import { registerPostStats } from '../../src/features/dashboards/index.ts';
import type { Role } from '../../src/http/authenticate.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { createLifecycle } from '../../src/kit/lifecycle.ts';
import { createSharedReads } from '../../src/kit/shared-reads.ts';
import { createIngest } from '../../src/pipeline/ingest/index.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { findPublicPost, openPosting, registerPostingRoutes } from '../../src/roles/posting.ts';
import { testLog } from './database.ts';
import { createCaller, createMemberApp } from './member-app.ts';

interface PostingAppOptions {
  readonly rolesOf?: (memberId: number) => readonly Role[];
  readonly rateLimits?: boolean;
  readonly boardsCreatedBy?: 'member' | 'admin';
  readonly requirePrecondition?: boolean;
}

/** One process's boards and posts on that database and log; two of them are two instances. */
export function openPostingApp(db: Db, log: EventLog, options: PostingAppOptions = {}) {
  const lifecycle = createLifecycle(testLog);
  let queries = 0;
  let broken: Error | undefined;
  const counted: Db = {
    ...db,
    query: (...args) => {
      queries += 1;
      return broken ? Promise.reject(broken) : db.query(...args);
    },
  };
  const config = {
    rateLimits: options.rateLimits ?? false,
    boardsCreatedBy: options.boardsCreatedBy ?? 'member',
    requirePrecondition: options.requirePrecondition ?? false,
  } as const;
  const posting = openPosting({ config, db: counted as never, logger: testLog, lifecycle });
  const ingest = createIngest(
    {
      log,
      findSubject: ({ id }) => findPublicPost(posting, id),
      secrets: createDaySecrets(db),
      clock: systemClock,
    },
    { retentionDays: 90, refuseFloods: false },
  );
  const app = createMemberApp(options.rolesOf);
  registerPostingRoutes(app, { config, posting, ingest, findVisitor: undefined, search: undefined });
  registerPostStats(app, {
    posts: posting,
    readNumbers: (work) => work(db, createPostgresRaw(db)),
    share: createSharedReads(),
    visitorCookie: false,
    clock: systemClock,
  });
  return {
    app,
    call: createCaller(app),
    /** Statements since the last call. */
    takeQueries: () => {
      const taken = queries;
      queries = 0;
      return taken;
    },
    /** Lets every later statement of boards and posts fail with this. */
    breakDatabase: (error: Error | undefined) => {
      broken = error;
    },
    close: async () => {
      await app.close();
      await lifecycle.close();
    },
  };
}
