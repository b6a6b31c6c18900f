import Table from 'cli-table3';
import type { Command } from 'commander';
import { createPostgresJobs } from '../engines/postgres/postgres-jobs.ts';
import { sleep } from '../kit/wait.ts';
import type { JobQueue, KindState } from '../ports/job-queue.ts';
import { print } from './output.ts';
import { withEngines } from './with-engines.ts';

const POLL_MS = 500;

export function addJobs(program: Command): void {
  const jobs = program.command('jobs').description('work in the background: what waits, runs, was parked');
  const onQueue = <T>(work: (queue: JobQueue) => Promise<T>) =>
    withEngines({}, (engines) => work(createPostgresJobs(engines.db)));
  jobs
    .command('list')
    .description('a line for each kind, and what was parked with its reason')
    .option('--limit <n>', 'how many parked ones', Number, 50)
    .option('--json', 'print one JSON object')
    .action(async ({ limit, json }: { limit: number; json?: boolean }) => {
      const report = await onQueue(async (queue) => ({
        kinds: await queue.readState(),
        parked: await queue.listParked({ limit }),
      }));
      print(json ?? false, report, [
        toTable(report.kinds),
        ...report.parked.map(
          (job) =>
            `${job.id} ${job.parked_at.toISOString()} ${job.kind} ${JSON.stringify(job.payload)} after ${job.tries} tries: ${job.reason}`,
        ),
      ]);
    });
  jobs
    .command('retry [ids...]')
    .description('do what is parked again, with all its tries: all of it, or the ids named')
    .option('--json', 'print one JSON object')
    .action(async (ids: string[], { json }: { json?: boolean }) => {
      const retried = await onQueue((queue) => queue.retry(ids.length > 0 ? ids.map(Number) : undefined));
      print(json ?? false, { retried }, [`${retried} will be done again`]);
    });
  jobs
    .command('discard <ids...>')
    .description('give parked jobs up for good')
    .option('--json', 'print one JSON object')
    .action(async (ids: string[], { json }: { json?: boolean }) => {
      const discarded = await onQueue((queue) => queue.discard(ids.map(Number)));
      print(json ?? false, { discarded }, [`${discarded} discarded`]);
    });
  jobs
    .command('drain')
    .description('wait until nothing is due any more; a worker must run. Exit code 1 after --limit')
    .option('--limit <seconds>', 'how long at most', Number, 600)
    .option('--json', 'print one JSON object')
    .action(async ({ limit, json }: { limit: number; json?: boolean }) => {
      const left = await onQueue((queue) => drain(queue, limit * 1_000));
      print(json ?? false, { left }, [left === 0 ? 'nothing is due' : `${left} jobs are still due`]);
      if (left > 0) process.exitCode = 1;
    });
}

async function drain(queue: JobQueue, limitMs: number): Promise<number> {
  const ends = performance.now() + limitMs;
  for (;;) {
    const left = (await queue.readState()).reduce((sum, kind) => sum + kind.waiting + kind.running, 0);
    if (left === 0 || performance.now() >= ends) return left;
    if (process.stderr.isTTY) process.stderr.write(`\r${left} jobs are due \u001b[K`);
    await sleep(POLL_MS);
  }
}

function toTable(kinds: readonly KindState[]): string {
  if (kinds.length === 0) return 'no job waits, runs or is parked';
  const table = new Table({
    head: ['kind', 'waiting', 'running', 'later', 'parked', 'oldest waits'],
    ...(process.stdout.isTTY ? {} : { style: { head: [], border: [] } }),
  });
  for (const { kind, waiting, running, later, parked, oldest_ms } of kinds)
    table.push([kind, waiting, running, later, parked, oldest_ms === null ? '–' : `${oldest_ms} ms`]);
  return table.toString();
}
