import Table from 'cli-table3';
import type { Command } from 'commander';
import { isSamePlace } from '../assignment/engine-address.ts';
import type { Engines } from '../compose.ts';
import { findMigrations } from '../db/migrate.ts';
import type { Db } from '../db/pool.ts';
import { listProcesses, type PresentProcess } from '../db/presence.ts';
import type { ReplicaState } from '../db/read-replica.ts';
import type { KafkaFacts } from '../engines/kafka/kafka-log.ts';
import { createPostgresJobs } from '../engines/postgres/postgres-jobs.ts';
import { EngineError } from '../kit/errors.ts';
import { type CountedSource, findMove, isOpen } from '../pipeline/move/index.ts';
import { type CheckState, readCheckState } from '../pipeline/verify/index.ts';
import { hasLeftRecorder, type Recorder } from '../raw-stores.ts';
import { print } from './output.ts';
import { withEngines } from './with-engines.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'which engine serves each role, its version, health and lag, and pending migrations; exit code 1 where something is wrong',
    )
    .option('--json', 'print one JSON object')
    .action(async (options: { json?: boolean }) => {
      const report = await withEngines({ migrates: false }, async (engines) => {
        const { db } = engines;
        const [server] = await db.query<{ version: string }>(
          `select current_setting('server_version') as version`,
        );
        const { pending } = await findMigrations(db);
        const engine = engines.embedded ? 'PostgreSQL (embedded)' : 'PostgreSQL (DATABASE_URL)';
        const version = server?.version ?? 'unknown';
        const state = pending.length === 0 ? await engines.counting.readState() : undefined;
        const left = pending.length === 0 ? await engines.counting.listLeft() : [];
        const checks = pending.length === 0 ? await readCheckState(db) : undefined;
        const lag = state
          ? `${state.lag_events ?? 'unknown'} events, ${state.parked} parked`
          : 'unknown until migrated';
        const roles = [
          {
            role: 'system of record',
            engine,
            version,
            state: pending.length === 0 ? 'ok' : `${pending.length} migration(s) pending`,
          },
          { role: 'event log', ...describeLog(engines.kafka, { engine, version }), state: `lag ${lag}` },
          await describeRaw(engines, { engine, version }, pending.length === 0),
          ...(engines.replica ? [describeReplica(await engines.replica.look())] : []),
          ...(pending.length === 0 ? await describeCommunity(engines, { engine, version }) : []),
        ];
        return {
          roles,
          pending,
          ...state,
          checks,
          left,
          processes: pending.length === 0 ? await listProcesses(db) : [],
          moved: [...describePlacement(engines), ...(pending.length === 0 ? await describeMoves(db) : [])],
        };
      });
      const table = new Table({
        head: ['role', 'engine', 'version', 'state'],
        ...(process.stdout.isTTY ? {} : { style: { head: [], border: [] } }),
      });
      for (const { role, engine, version, state } of report.roles) table.push([role, engine, version, state]);
      const found = Object.entries(report.checks?.open ?? {});
      const lines = [
        table.toString(),
        ...describeProcesses(report.processes),
        ...report.moved,
        ...describeLeft(report.left),
        ...describeChecks(report.checks),
      ];
      print(options.json ?? false, report, lines);
      if (report.pending.length > 0 || found.length > 0 || report.roles.some(isDown)) process.exitCode = 1;
    });
}

const SILENT = 'does not answer';
const isDown = ({ state }: { readonly state: string }) =>
  state.startsWith(SILENT) || state.startsWith('not used');

function describeProcesses(processes: readonly PresentProcess[]): string[] {
  if (processes.length === 0) return ['no process serves'];
  return processes.map(
    ({ name, roles, started_at }) => `${name} serves ${roles.join(', ')}, since ${started_at.toISOString()}`,
  );
}

/** What follows a write: jobs, the index that they fill, and the ways to people that are configured. */
async function describeCommunity(
  { db, config, search }: Engines,
  { engine, version }: { readonly engine: string; readonly version: string },
) {
  const kinds = await createPostgresJobs(db).readState();
  const sum = (name: 'waiting' | 'running' | 'later' | 'parked') =>
    kinds.reduce((total, kind) => total + kind[name], 0);
  const unindexed = kinds.find(({ kind }) => kind === 'index-post')?.waiting ?? 0;
  const oldest = Math.max(0, ...kinds.map((kind) => kind.oldest_ms ?? 0));
  const jobs = `${sum('waiting')} waiting (the first for ${(oldest / 1_000).toFixed(1)} s), ${sum('running')} running, ${sum('parked')} parked`;
  const index = await search.describe();
  const ways = [
    'browsers',
    ...(config.fcmServiceAccount ? ['phones (FCM)'] : []),
    ...(config.mail ? ['mail'] : []),
  ];
  return [
    { role: 'jobs and schedules', engine, version, state: jobs },
    {
      role: 'post search',
      engine,
      version,
      state: `${index.documents} posts, ${unindexed} to be indexed${index.outdated ? '; build it anew: npx weir search rebuild' : ''}`,
    },
    {
      role: 'notification history',
      engine: config.mongodbUrl ? 'MongoDB (MONGODB_URL)' : 'none: gone after the inbox',
      version: '–',
      state: `told by ${ways.join(', ')}`,
    },
    {
      role: 'attachments',
      engine: config.attachmentsUrl ? `S3 (${new URL(config.attachmentsUrl).host})` : 'disk, below DATA_DIR',
      version: '–',
      state: 'not looked at',
    },
  ];
}

function describeReplica({ used, version, lagMs, reason }: ReplicaState) {
  const lag = lagMs === undefined ? 'lag unknown' : `lag ${(lagMs / 1_000).toFixed(1)} s`;
  const state = used
    ? lag
    : `${version === 'unknown' ? SILENT : 'not used'}, ${lag}. ${reason}. Numbers come from the primary`;
  return { role: 'numbers', engine: 'PostgreSQL (DATABASE_REPLICA_URL)', version, state };
}

async function describeRaw(
  { db, kafka, recorder }: Engines,
  { engine, version }: { readonly engine: string; readonly version: string },
  migrated: boolean,
) {
  if (recorder) return describeRecorder(recorder, migrated);
  const move = migrated ? await findMove(db, 'raw-store') : undefined;
  const left = migrated && !(move && isOpen(move)) && (await hasLeftRecorder(db));
  return {
    role: 'raw event store',
    engine: kafka ? `${engine}, written by counting` : `${engine}, the log's own rows`,
    version,
    state: left
      ? 'no recorder needed, but retention waits for that of an earlier MONGODB_URL: docs/decisions/0012'
      : 'no recorder needed',
  };
}

/** Its lag is known by the log's positions, its version only where it answers. */
async function describeRecorder(recorder: Recorder, migrated: boolean) {
  const lag = migrated ? `lag ${(await recorder.readLag()).lag_events} events` : 'lag unknown until migrated';
  const role = { role: 'raw event store', engine: 'MongoDB (MONGODB_URL)' };
  try {
    return { ...role, version: await recorder.store.version(), state: lag };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { ...role, version: 'unknown', state: `${SILENT}, ${lag}. ${error.message}` };
  }
}

function describeLog(
  kafka: KafkaFacts | undefined,
  own: { readonly engine: string; readonly version: string },
): { readonly engine: string; readonly version: string } {
  if (!kafka) return own;
  const { topic, partitions, copies, brokers, version } = kafka;
  const engine = `Kafka (KAFKA_BROKERS), topic ${topic}: ${partitions} partitions, ${copies} copies, ${brokers} broker(s)`;
  return { engine, version };
}

function describePlacement({ placement, rawPlacement }: Engines): string[] {
  const roles = [
    { what: 'events go to', ...placement },
    { what: 'raw events are read from', ...rawPlacement },
  ];
  return roles
    .filter(({ serving, configured }) => !isSamePlace(serving(), configured))
    .map(
      ({ what, serving, configured }) =>
        `${what} ${serving()}, where they were moved to; the environment says ${configured}. The move counts; let the environment say the same`,
    );
}

async function describeMoves(db: Db): Promise<string[]> {
  const moves = [await findMove(db, 'event-log'), await findMove(db, 'raw-store')];
  return moves
    .filter((move) => move !== undefined)
    .filter(isOpen)
    .map(
      ({ role, source, target, state }) =>
        `${role}: a move from ${source} to ${target} is under way (${state}); npx weir move ${role} ${state === 'done' ? '--finish ends it' : 'goes on'}, --back returns`,
    );
}

function describeLeft(left: readonly CountedSource[]): string[] {
  return left.map(({ source, address, complete_through }) =>
    address !== null
      ? `${source} (${address}) is read beside the log that takes events; numbers are complete through ${complete_through.toISOString()}. Once nothing can come out of it: npx weir move event-log --finish, or without a move: npx weir leave-log ${source}`
      : `${source} is not read any more; numbers are complete through ${complete_through.toISOString()} until it is. Start once with its KAFKA_BROKERS, or if nothing is left in it: npx weir leave-log ${source}`,
  );
}

/** What the check in the background has found, and how far its pass over everything has come. */
function describeChecks(checks: CheckState | undefined): string[] {
  if (!checks) return [];
  const open = Object.entries(checks.open).map(([kind, count]) => `${count} of kind ${kind}`);
  return [
    open.length === 0
      ? 'background check: nothing open'
      : `background check: ${open.join(', ')}; npx weir verify shows where`,
    ...(checks.doubt === null ? [] : [`clock in doubt: ${checks.doubt}`]),
    ...(checks.repaired > 0 ? [`numbers that were altered and made anew: ${checks.repaired}`] : []),
    ...checks.passes.map(
      ({ name, done, total, finished_at }) =>
        `  ${name}: ${done} of ${total}${finished_at ? `, last finished ${finished_at.toISOString()}` : ''}`,
    ),
  ];
}
