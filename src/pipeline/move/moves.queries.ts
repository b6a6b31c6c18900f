import type { Db } from '../../db/pool.ts';
import { AGGREGATOR } from '../aggregate/index.ts';
import { RAW_STORE } from '../record/index.ts';

export type MovedRole = 'event-log' | 'raw-store';
export type MoveState = 'preparing' | 'filling' | 'switching' | 'draining' | 'done' | 'finished' | 'back';

export interface Move {
  readonly id: number;
  readonly role: MovedRole;
  /** Addresses, without credentials. */
  readonly source: string;
  readonly target: string;
  readonly state: MoveState;
  readonly changed_at: Date;
}

/** As `findMove`, of a database that may lack the tables yet. */
export async function findFirstMove(db: Db, role: MovedRole): Promise<Move | undefined> {
  const [table] = await db.query<{ there: boolean }>(`select to_regclass('role_moves') is not null as there`);
  return table?.there ? findMove(db, role) : undefined;
}

/** The newest move of a role; undefined where it never moved. */
export async function findMove(db: Db, role: MovedRole): Promise<Move | undefined> {
  const [move] = await db.query<Move>(
    'select id, role, source, target, state, changed_at from role_moves where role = $1 order by id desc limit 1',
    [role],
    'find_move',
  );
  return move;
}

/** The address that serves the role by that move. */
export function servingAddress(move: Move): string {
  const { state, source, target } = move;
  return state === 'preparing' || state === 'filling' || state === 'back' ? source : target;
}

export const isOpen = ({ state }: Move) => state !== 'finished' && state !== 'back';

/** Returns undefined where another move of the role is open. */
export async function insertMove(
  db: Db,
  { role, source, target, state }: Pick<Move, 'role' | 'source' | 'target' | 'state'>,
): Promise<Move | undefined> {
  const [move] = await db.query<Move>(
    `insert into role_moves (role, source, target, state) values ($1, $2, $3, $4)
     on conflict (role) where state not in ('finished', 'back') do nothing
     returning id, role, source, target, state, changed_at`,
    [role, source, target, state],
  );
  return move;
}

/** False where somebody else has changed it meanwhile. */
export async function advanceMove(db: Db, { id, state }: Move, next: MoveState): Promise<boolean> {
  const rows = await db.query(
    'update role_moves set state = $3, changed_at = clock_timestamp() where id = $1 and state = $2 returning id',
    [id, state, next],
  );
  return rows.length > 0;
}

export interface LogWriter {
  readonly id: string;
  readonly name: string;
  readonly writes_to: string;
  readonly ready_for: number | null;
  readonly problem: string | null;
}

/** Says that the writer lives, and what it does. */
export async function noteWriter(db: Db, writer: LogWriter): Promise<void> {
  const { id, name, writes_to, ready_for, problem } = writer;
  await db.query(
    `insert into log_writers (id, name, writes_to, ready_for, problem) values ($1, $2, $3, $4, $5)
     on conflict (id) do update set writes_to = excluded.writes_to, ready_for = excluded.ready_for,
       problem = excluded.problem, seen_at = clock_timestamp()`,
    [id, name, writes_to, ready_for, problem],
    'note_writer',
  );
}

export async function forgetWriter(db: Db, id: string): Promise<void> {
  await db.query(`delete from log_writers where id = $1 or seen_at < clock_timestamp() - interval '1 day'`, [
    id,
  ]);
}

/** Those heard of within the last so many milliseconds, by the database's clock. */
export function listWriters(db: Db, withinMs: number): Promise<(LogWriter & { silent_ms: number })[]> {
  return db.query(
    `select id, name, writes_to, ready_for, problem,
       (extract(epoch from clock_timestamp() - seen_at) * 1000)::int4 as silent_ms
     from log_writers where seen_at > clock_timestamp() - $1 * interval '1 millisecond' order by name`,
    [withinMs],
  );
}

export async function noteAddress(db: Db, identity: string, address: string): Promise<void> {
  await db.query(
    `insert into engine_addresses (identity, address) values ($1, $2)
     on conflict (identity) do update set address = excluded.address, seen_at = clock_timestamp()`,
    [identity, address],
  );
}

/** Of what was reached there last. */
export async function findIdentity(db: Db, address: string): Promise<string | undefined> {
  const [row] = await db.query<{ identity: string }>(
    'select identity from engine_addresses where address = $1 order by seen_at desc limit 1',
    [address],
  );
  return row?.identity;
}

/** A log that events are counted out of, beside PostgreSQL's, and that nobody has left for good. */
export interface CountedSource {
  /** Its identity. */
  readonly source: string;
  /** Where it was reached last; null: by a version that did not keep it. */
  readonly address: string | null;
  readonly complete_through: Date;
}

/** Registered ones that nobody has begun to count are among them. */
export function listSources(db: Db): Promise<CountedSource[]> {
  return db.query<CountedSource>(
    `select source, (select address from engine_addresses where identity = source) as address,
       min(coalesce(complete_through, 'epoch')) as complete_through
     from log_lanes left join log_positions p
       on p.reader = '${AGGREGATOR}' and p.log = '${RAW_STORE}' and p.partition = lane
     where source is not null group by source having min(coalesce(complete_through, 'epoch')) < 'infinity' order by source`,
    [],
    'list_sources',
  );
}

/** The instant before which everything that this log acknowledged is counted; undefined where it has no partition. */
export async function findCountedThrough(db: Db, source: string | null): Promise<Date | undefined> {
  const [row] = await db.query<{ through: Date | null }>(
    `select min(coalesce(complete_through, 'epoch')) as through from log_lanes
     left join log_positions p on p.reader = '${AGGREGATOR}' and p.log = '${RAW_STORE}' and p.partition = lane
     where source is not distinct from $1`,
    [source],
  );
  return row?.through ?? undefined;
}

/**
 * Positions of a log that is to be counted from now on. One that is empty at `through` promises everything until then:
 * without this, the numbers would promise nothing until it is first read. One that may hold events promises nothing.
 */
export async function notePositions(db: Db, source: string, through: Date | undefined): Promise<void> {
  await db.query(
    `insert into log_positions (reader, log, partition, position, complete_through)
     select '${AGGREGATOR}', '${RAW_STORE}', lane, 0, coalesce($2::timestamptz, 'epoch') from log_lanes where source = $1
     on conflict do nothing`,
    [source, through ?? null],
  );
}

/** Whether nothing was ever counted out of it, and it was read to its end. */
export async function isUntouched(db: Db, source: string): Promise<boolean> {
  const [row] = await db.query<{ untouched: boolean }>(
    `select coalesce(bool_and(position = 0 and complete_through > 'epoch'), false) as untouched
     from log_lanes join log_positions p on p.reader = '${AGGREGATOR}' and p.log = '${RAW_STORE}' and p.partition = lane
     where source = $1`,
    [source],
  );
  return row!.untouched;
}

export async function readClock(db: Db): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now');
  return row!.now;
}
