import { createDatabaseError, toEngineError } from '../../db/pg-errors.ts';
import type { CountedBatch, CountingDeps, CountStore, Position } from '../../pipeline/aggregate/counting.ts';
import type { Statement } from './simulated-server.ts';
import type { World } from './simulated-world.ts';
import {
  countEvent,
  findIndex,
  type LogRow,
  readPositions,
  rowsOf,
  type SimulatedEvent,
  type Tables,
  tally,
} from './tables.ts';
import { EPOCH_MS, type Life } from './virtual-time.ts';

const QUERY_MS = 2_500;
/** An event that cannot be counted is tried so often, alone, before it is parked. */
const TRIES = 5;
const quiet = { warn: () => undefined };

/** The real aggregator's surroundings: statements on the simulated server, graded as the pool grades them. */
export function createCounting(world: World, life: Life): CountingDeps {
  const { time, plan, draw, tables, server } = world;

  async function query<T>(statement: Statement<T>): Promise<T> {
    const session = server.open(life, life.name);
    try {
      return await server.call(session, statement, QUERY_MS);
    } catch (error) {
      throw toEngineError(error, statement.name, true);
    } finally {
      server.leave(session);
    }
  }

  const log: CountingDeps['log'] = {
    identity: 'simulated',
    clock: () => query({ name: 'clock', commit: () => new Date(EPOCH_MS + time.now()) }),
    span: (partition, after, limit) =>
      query({
        name: `span ${partition}:${after}`,
        commit: () => {
          const rows = tables.lanes.get(partition)!.rows;
          const from = findIndex(rows, after);
          const count = Math.min(limit, rows.length - from);
          return { upTo: rows[from + count - 1]?.seq ?? after, count, atEnd: count < limit };
        },
      }),
  };
  const store: CountStore = {
    readPositions: () => query({ name: 'read positions', commit: () => readPositions(tables) }),
    countBatch: (batch) => query(countStatement(world, batch)),
    parkEvent: (batch) => query(parkStatement(world, batch)),
    markComplete: (at, through) => query(markStatement(world, at, through)),
  };
  const deps = {
    store,
    log,
    logger: quiet,
    clock: time.clock,
    timers: time.timersOf(life),
    random: draw.share,
    batch: plan.countBatch,
  };
  return misled(world, deps, query);
}

function countStatement(world: World, batch: CountedBatch): Statement<number | undefined> {
  const { tables, planted } = world;
  const first = () =>
    planted === 'no-compare' || tables.positions.get(batch.partition)!.position === batch.after;
  return {
    name: `count ${batch.partition}:${batch.after}-${batch.upTo}`,
    keys: [`position ${batch.partition}`],
    check: () => first() && failForData(world, batch),
    commit: () => {
      if (!first()) return undefined;
      moveTo(world, batch, batch.completeThrough);
      return countRows(world, batch);
    },
  };
}

function countRows({ tables }: World, batch: CountedBatch): number {
  const rows = rowsOf(tables, batch);
  for (const { event } of rows) {
    countEvent(tables, event);
    tally(tables.counted, event.id);
  }
  seal(tables, batch, rows);
  return rows.length;
}

function seal(tables: Tables, { partition, after, upTo }: CountedBatch, rows: readonly LogRow[]): void {
  tables.seals.push({ partition, after, upTo, ids: rows.map((row) => row.event.id) });
}

/** An event that cannot be counted fails every statement that it is in. */
function failForData({ tables }: World, batch: CountedBatch): void {
  const left = ({ id, failures }: SimulatedEvent) => tables.failuresLeft.get(id) ?? failures;
  const rows = rowsOf(tables, batch);
  const bad = rows.find((row) => left(row.event) > 0)?.event;
  if (bad === undefined) return;
  if (rows.length === 1) tally(tables.failedAlone, bad.id);
  tables.failuresLeft.set(bad.id, left(bad) - 1);
  throw createDatabaseError('22003', `bigint out of range: ${bad.id}`);
}

function parkStatement(world: World, batch: CountedBatch): Statement<void> {
  const { tables, watch, planted } = world;
  return {
    name: `park ${batch.partition}:${batch.upTo}`,
    keys: [`position ${batch.partition}`],
    commit: () => {
      const at = tables.positions.get(batch.partition)!;
      if (planted !== 'blind-parking' && at.position !== batch.after) return;
      const rows = rowsOf(tables, batch);
      for (const { event } of rows) {
        const tries = tables.failedAlone.get(event.id) ?? 0;
        if (tries < TRIES) watch.violate(`${event.id} is parked after ${tries} tries`);
        tally(tables.parked, event.id);
      }
      if (at.position === batch.after) moveTo(world, batch, undefined);
      seal(tables, batch, rows);
    },
  };
}

function markStatement({ tables }: World, at: Position, through: Date): Statement<void> {
  return {
    name: `mark ${at.partition}`,
    keys: [`position ${at.partition}`],
    commit: () => {
      const now = tables.positions.get(at.partition)!;
      if (now.position === at.position) now.through = Math.max(now.through, through.getTime() - EPOCH_MS);
    },
  };
}

function moveTo({ tables, watch }: World, batch: CountedBatch, through: Date | undefined): void {
  const at = tables.positions.get(batch.partition)!;
  watch.moved(batch.partition, at.position, batch.upTo);
  at.position = batch.upTo;
  if (through) at.through = Math.max(at.through, through.getTime() - EPOCH_MS);
}

/** The same surroundings with the planted fault in them. */
function misled(world: World, deps: CountingDeps, query: Query): CountingDeps {
  const { time, planted } = world;
  const { store, log } = deps;
  let shown = new Date(0);
  let refused: CountedBatch | undefined;
  const late = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    shown.setTime(EPOCH_MS + time.now());
    return value;
  };
  const clock = async () => {
    shown = await log.clock();
    return shown;
  };
  if (planted === 'late-clock') {
    return { ...deps, log: { ...log, clock, span: (...of) => late(log.span(...of)) } };
  }
  if (planted === 'late-lanes') {
    return {
      ...deps,
      log: { ...log, clock },
      store: { ...store, readPositions: () => late(store.readPositions()) },
    };
  }
  if (planted === 'position-first') {
    return { ...deps, store: { ...store, countBatch: (batch) => countAfterMove(world, query, batch) } };
  }
  if (planted !== 'skipping-half') return deps;
  const countBatch = async (batch: CountedBatch): Promise<number | undefined> => {
    const over = refused?.partition === batch.partition && refused.after === batch.after ? refused.upTo : 0;
    refused = undefined;
    try {
      const counted = await store.countBatch(batch);
      const rest = { ...batch, after: batch.upTo, upTo: over };
      if (counted !== undefined && over > batch.upTo) await query(moveStatement(world, rest));
      return counted;
    } catch (error) {
      refused = batch;
      throw error;
    }
  };
  return { ...deps, store: { ...store, countBatch } };
}

type Query = <T>(statement: Statement<T>) => Promise<T>;

async function countAfterMove(world: World, query: Query, batch: CountedBatch): Promise<number | undefined> {
  if (!(await query(moveStatement(world, batch)))) return undefined;
  return query({ name: 'count after the move', commit: () => countRows(world, batch) });
}

function moveStatement(world: World, batch: CountedBatch): Statement<boolean> {
  const free = () => world.tables.positions.get(batch.partition)!.position === batch.after;
  return {
    name: `move ${batch.partition}:${batch.after}-${batch.upTo}`,
    keys: [`position ${batch.partition}`],
    check: () => free() && failForData(world, batch),
    commit: () => {
      if (!free()) return false;
      moveTo(world, batch, batch.completeThrough);
      return true;
    },
  };
}
