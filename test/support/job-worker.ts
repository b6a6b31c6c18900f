// A worker process of its own, to be killed: it does jobs of the database that its first argument names, each with one
// effect, and dies at the failpoint of the second.
import { createPostgresJobs } from '../../src/engines/postgres/postgres-jobs.ts';
import { armFailpoint, parseFailpoint } from '../../src/kit/failpoint.ts';
import { startJobs } from '../../src/pipeline/jobs/index.ts';
import { open, testLog } from './database.ts';

const [url, point, notes] = process.argv.slice(2);
if (point && notes) armFailpoint(parseFailpoint(point), notes);
const db = open(url!);
startJobs({
  queue: createPostgresJobs(db),
  handlers: {
    'index-post': {
      atOnce: 20,
      run: async ({ post_id }) => {
        await db.query('insert into deeds (cause) values ($1)', [post_id]);
        await db.query('insert into effects (cause) values ($1) on conflict do nothing', [post_id]);
      },
    },
  },
  logger: testLog,
  random: Math.random,
});
process.stdout.write('ready\n');
