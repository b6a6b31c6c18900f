import { createDatabaseError, isDataError } from '../../db/pg-errors.ts';
import { type GroupStatements, writeGroup } from '../../engines/postgres/group-writer.ts';
import { type LaneSession, type OpenLane, openLane } from '../../engines/postgres/log-lane.ts';
import type { EventType } from '../../events/event.ts';
import { AppError } from '../../kit/errors.ts';
import { createGroupQueue, type GroupQueue } from '../../kit/group-queue.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import type { Session, Statement } from './simulated-server.ts';
import type { World } from './simulated-world.ts';
import { keepRow, type SimulatedEvent } from './tables.ts';
import type { Life } from './virtual-time.ts';

/** As the writer in PostgreSQL has it: of an append, and of each statement. */
export const DEADLINE_MS = 2_500;

const TYPES: readonly EventType[] = ['view', 'true_view', 'click'];

export interface SimulatedLog {
  /** As EventLog.append; the queue is the real one. */
  readonly append: (events: readonly SimulatedEvent[]) => Promise<readonly AppendOutcome[]>;
  readonly queued: () => number;
  readonly session: () => Session | undefined;
  readonly close: () => Promise<void>;
}

interface SimulatedSession extends LaneSession {
  readonly session: Session;
}

/** The real writer of the event log, its lane and its queue over sessions of the simulated server. */
export async function openSimulatedLog(world: World, life: Life): Promise<SimulatedLog> {
  const { time, plan, planted } = world;
  const timers = time.timersOf(life);
  const lane = await openLane({
    openSession: (onLost) => Promise.resolve(openSession(world, life, onLost)),
    log: { info: () => world.note(`${life.name} writes again`), debug: () => undefined },
    timers,
  });
  const queue: GroupQueue<SimulatedEvent, AppendOutcome> = createGroupQueue({
    clock: time.clock,
    timers,
    maxGroup: plan.maxGroup,
    maxQueued: plan.maxQueued,
    deadlineMs: planted === 'no-deadline' ? Number.MAX_SAFE_INTEGER : DEADLINE_MS,
    ahead: true,
    write: (events: readonly SimulatedEvent[]) => {
      const open = lane.current();
      return open ? writeGroup(open, toStatements(world, open), events) : Promise.reject(unavailable());
    },
  });
  return {
    append: (events) => (lane.current() ? queue.add(events) : Promise.reject(unavailable())),
    queued: queue.queued,
    session: () => lane.current()?.session.session,
    close: async () => {
      await queue.close();
      await lane.close();
    },
  };
}

function openSession(world: World, life: Life, onLost: () => void): SimulatedSession {
  const { server, tables, time } = world;
  const session = server.open(life, `${life.name} writer`);
  session.onLost = onLost;
  const ask = <T>(name: string, commit: () => T) => server.call(session, { name, commit }, DEADLINE_MS);
  return {
    session,
    listLanes: () => ask('list lanes', () => [...tables.lanes.keys()]),
    tryLock: (lane) =>
      ask(`try lane ${lane}`, () => {
        if (server.holderOf(lane) || session.ended) return false;
        server.takeLane(session, lane);
        world.note(`${life.name} takes lane ${lane}`);
        return true;
      }),
    addLane: () =>
      ask('add a lane', () => {
        tables.lanes.set(tables.lanes.size + 1, { createdAt: time.now(), rows: [] });
      }),
    findHead: (lane) => ask('find head', () => tables.lanes.get(lane)!.rows.at(-1)?.seq ?? 0),
    destroy: () => server.leave(session),
    end: () => Promise.resolve(server.leave(session)),
  };
}

type Ask = <T>(statement: Statement<T>) => Promise<T>;

/** The statements of a group, for the real writer of groups. */
function toStatements(
  world: World,
  { lane, session: { session }, abandon }: OpenLane<SimulatedSession>,
): GroupStatements<SimulatedEvent> {
  const { server, tables, draw, planted } = world;
  const ask: Ask = (statement) =>
    inOrder(session, () => server.call(session, statement, DEADLINE_MS)).catch((error: unknown) => {
      if (planted !== 'told-refused' || isDataError(error)) throw error;
      abandon();
      throw createDatabaseError('53300', 'told as if nothing had happened');
    });
  return {
    insert: (events, takeSeqs) => {
      const insert = () => insertGroup(world, lane, takeSeqs(), events);
      const answer = draw.chance(0.5) ? ask(insert()) : copyOrInsert(ask, world, insert, events);
      if (planted !== 'early-answer') return answer;
      answer.catch(abandon);
      return Promise.resolve([]);
    },
    compareCopies: (events) =>
      ask({
        name: `compare ${events.length}`,
        commit: () => events.map((event) => compareCopy(tables.copies.get(event.id)?.[0], event)),
      }),
  };
}

const tails = new WeakMap<Session, Promise<unknown>>();

/** As the driver: a statement is sent when the one before it was answered. */
function inOrder<T>(session: Session, send: () => Promise<T>): Promise<T> {
  const before = tails.get(session);
  const sent = before ? before.then(send, send) : send();
  tails.set(session, sent);
  return sent;
}

/** As the log in PostgreSQL has it: a COPY fails whole where an id is there already; then an INSERT tells which. */
async function copyOrInsert(
  ask: Ask,
  { tables, planted }: World,
  insertNow: () => Statement<readonly number[]>,
  events: readonly SimulatedEvent[],
): Promise<readonly number[]> {
  const insert = insertNow();
  const check = () => {
    const ids = new Set(events.map((event) => event.id));
    const isNew = ids.size === events.length && !events.some((event) => tables.copies.has(event.id));
    if (!isNew && planted !== 'no-dedupe') throw createDatabaseError('23505', 'duplicate key value');
    insert.check?.();
  };
  try {
    return await ask({ ...insert, name: insert.name.replace('insert', 'copy'), check });
  } catch (error) {
    if (!isDataError(error)) throw error;
    return ask(insertNow());
  }
}

function compareCopy(first: SimulatedEvent | undefined, event: SimulatedEvent): AppendOutcome {
  if (first === undefined || (first.subject === event.subject && first.type === event.type))
    return { status: 'duplicate' };
  return { status: 'reused', subject: { kind: 'campaign', id: first.subject }, type: TYPES[first.type]! };
}

function insertGroup(
  { tables, planted }: World,
  lane: number,
  firstSeq: number,
  events: readonly SimulatedEvent[],
): Statement<readonly number[]> {
  return {
    name: `insert ${events.length} at ${lane}:${firstSeq}`,
    // A second copy waits for the first one's transaction.
    keys: [...new Set(events.map((event) => `event ${event.id}`))],
    check: () => {
      if (events.some((event) => event.unstorable))
        throw createDatabaseError('22021', 'invalid byte sequence');
    },
    commit: () => {
      const known: number[] = [];
      for (const [index, event] of events.entries()) {
        const seq = firstSeq + index;
        if (tables.copies.has(event.id) && planted !== 'no-dedupe') known.push(index);
        else keepRow(tables, lane, { seq, event });
      }
      return known;
    },
  };
}

function unavailable(): AppError {
  return new AppError('unavailable', 'The event log has no connection. Nothing was kept.');
}
