import { createDatabaseError, isDataError } from '../../db/pg-errors.ts';
import { type GroupStatements, type WritableLane, writeGroup } from '../../engines/postgres/group-writer.ts';
import type { EventType } from '../../events/event.ts';
import { AppError } from '../../kit/errors.ts';
import { createGroupQueue, type GroupQueue } from '../../kit/group-queue.ts';
import type { Timers } from '../../kit/wait.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import type { Session, Statement } from './simulated-server.ts';
import type { World } from './simulated-world.ts';
import { keepRow, type SimulatedEvent } from './tables.ts';
import type { Life } from './virtual-time.ts';

/** As the writer in PostgreSQL has it: of an append, and of each statement. */
export const DEADLINE_MS = 2_500;
const RECONNECT_MS = 100;

const TYPES: readonly EventType[] = ['view', 'true_view', 'click'];

export interface SimulatedLog {
  /** As EventLog.append; the queue is the real one. */
  readonly append: (events: readonly SimulatedEvent[]) => Promise<readonly AppendOutcome[]>;
  readonly queued: () => number;
  readonly session: () => Session | undefined;
  readonly close: () => Promise<void>;
}

interface OpenLane extends WritableLane {
  readonly lane: number;
  readonly session: Session;
}

interface Writer {
  readonly world: World;
  readonly life: Life;
  readonly timers: Timers;
  open: OpenLane | undefined;
  connecting: Promise<void> | undefined;
  closed: boolean;
}

/** The event log's writer over the simulated server: one session that owns a lane, one group at a time (EL-1 to EL-9). */
export function openSimulatedLog(world: World, life: Life): SimulatedLog {
  const { time, plan, planted } = world;
  const timers = time.timersOf(life);
  const writer: Writer = { world, life, timers, open: undefined, connecting: undefined, closed: false };
  reconnect(writer);
  const queue: GroupQueue<SimulatedEvent, AppendOutcome> = createGroupQueue({
    clock: time.clock,
    timers,
    maxGroup: plan.maxGroup,
    maxQueued: plan.maxQueued,
    deadlineMs: planted === 'no-deadline' ? Number.MAX_SAFE_INTEGER : DEADLINE_MS,
    write: (events: readonly SimulatedEvent[]) =>
      writer.open
        ? writeGroup(writer.open, toStatements(world, writer.open), events)
        : Promise.reject(unavailable()),
  });
  return {
    append: (events) => (writer.open ? queue.add(events) : Promise.reject(unavailable())),
    queued: queue.queued,
    session: () => writer.open?.session,
    close: async () => {
      await queue.close();
      writer.closed = true;
      await writer.connecting;
      if (writer.open) world.server.leave(writer.open.session);
    },
  };
}

function reconnect(writer: Writer): void {
  if (writer.closed || writer.connecting) return;
  const run = async () => {
    while (!writer.closed && writer.open === undefined) {
      try {
        writer.open = await connect(writer);
        writer.world.note(`${writer.life.name} writes lane ${writer.open.lane} from ${writer.open.nextSeq}`);
      } catch {
        await writer.timers.sleep(RECONNECT_MS);
      }
    }
  };
  writer.connecting = run().finally(() => {
    writer.connecting = undefined;
  });
}

async function connect(writer: Writer): Promise<OpenLane> {
  const { server, tables } = writer.world;
  const session = server.open(writer.life, `${writer.life.name} writer`);
  let lost = false;
  let open = false;
  const lose = () => {
    if (lost) return;
    lost = true;
    server.leave(session);
    if (!open) return;
    writer.open = undefined;
    reconnect(writer);
  };
  session.onLost = lose;
  const ask = <T>(name: string, commit: () => T) => server.call(session, { name, commit }, DEADLINE_MS);
  try {
    const lane = await takeLane(writer.world, session, ask);
    const head = await ask('find head', () => tables.lanes.get(lane)!.rows.at(-1)?.seq ?? 0);
    // Its end may have come with the last answer.
    if (lost) throw new Error('The connection was lost while it was opened.');
    open = true;
    return { lane, session, nextSeq: head + 1, abandon: lose };
  } catch (error) {
    lost = true;
    server.leave(session);
    throw error;
  }
}

async function takeLane(
  world: World,
  session: Session,
  ask: <T>(name: string, commit: () => T) => Promise<T>,
): Promise<number> {
  const { server, tables, time } = world;
  for (;;) {
    for (const lane of await ask('list lanes', () => [...tables.lanes.keys()])) {
      const taken = await ask(`try lane ${lane}`, () => {
        if (server.holderOf(lane) || session.ended) return false;
        server.takeLane(session, lane);
        return true;
      });
      if (taken) return lane;
    }
    await ask('add a lane', () => {
      tables.lanes.set(tables.lanes.size + 1, { createdAt: time.now(), rows: [] });
    });
  }
}

type Ask = <T>(statement: Statement<T>) => Promise<T>;

/** The statements of a group, for the real writer of groups. */
function toStatements(world: World, { lane, session, abandon }: OpenLane): GroupStatements<SimulatedEvent> {
  const { server, tables, planted } = world;
  const ask: Ask = (statement) =>
    server.call(session, statement, DEADLINE_MS).catch((error: unknown) => {
      if (planted !== 'told-refused' || isDataError(error)) throw error;
      abandon();
      throw createDatabaseError('53300', 'told as if nothing had happened');
    });
  return {
    insert: (events, firstSeq) => {
      const answer = ask(insertGroup(world, lane, firstSeq, events));
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
        if (tables.copies.has(event.id) && planted !== 'no-dedupe') known.push(seq);
        else keepRow(tables, lane, { seq, event });
      }
      return known;
    },
  };
}

function unavailable(): AppError {
  return new AppError('unavailable', 'The event log has no connection. Nothing was kept.');
}
