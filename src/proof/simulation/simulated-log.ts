import { createDatabaseError, isDataError, toEngineError } from '../../db/pg-errors.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import { createGroupQueue, type GroupQueue, outcomeUnknown } from '../../kit/group-queue.ts';
import type { Timers } from '../../kit/wait.ts';
import type { Session, Statement } from './simulated-server.ts';
import type { World } from './simulated-world.ts';
import { keepRow, type SimulatedEvent } from './tables.ts';
import type { Life } from './virtual-time.ts';

/** As the writer in PostgreSQL has it: of an append, and of each statement. */
export const DEADLINE_MS = 2_500;
const RECONNECT_MS = 100;

export type Outcome = 'kept' | 'duplicate' | 'reused' | 'unstorable';

export interface SimulatedLog {
  /** As EventLog.append; the queue is the real one. */
  readonly append: (events: readonly SimulatedEvent[]) => Promise<readonly Outcome[]>;
  readonly queued: () => number;
  readonly session: () => Session | undefined;
  readonly close: () => Promise<void>;
}

interface OpenLane {
  readonly lane: number;
  readonly session: Session;
  nextSeq: number;
  readonly abandon: () => void;
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
  const queue: GroupQueue<SimulatedEvent, Outcome> = createGroupQueue({
    clock: time.clock,
    timers,
    maxGroup: plan.maxGroup,
    maxQueued: plan.maxQueued,
    deadlineMs: planted === 'no-deadline' ? Number.MAX_SAFE_INTEGER : DEADLINE_MS,
    write: (events: readonly SimulatedEvent[]) =>
      writer.open ? writeSplitting(world, writer.open, events) : Promise.reject(unavailable()),
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

/** As the port wants it (EL-6): halved until the bad event stands alone. */
async function writeSplitting(
  world: World,
  open: OpenLane,
  events: readonly SimulatedEvent[],
): Promise<readonly Outcome[]> {
  try {
    return await writeOnce(world, open, events);
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (events.length === 1) return ['unstorable'];
    const half = events.length >> 1;
    const left = await writeSplitting(world, open, events.slice(0, half));
    const right = await writeSplitting(world, open, events.slice(half)).catch((cause: unknown) => {
      throw left.includes('kept') ? outcomeUnknown(cause) : cause;
    });
    return [...left, ...right];
  }
}

async function writeOnce(
  world: World,
  open: OpenLane,
  events: readonly SimulatedEvent[],
): Promise<readonly Outcome[]> {
  const firstSeq = open.nextSeq;
  open.nextSeq += events.length;
  const statement = insertGroup(world, open.lane, firstSeq, events);
  const answer = world.server.call(open.session, statement, DEADLINE_MS);
  if (world.planted === 'early-answer') {
    answer.catch(() => open.abandon());
    return events.map((event) => (event.unstorable ? 'unstorable' : 'kept'));
  }
  try {
    return await answer;
  } catch (error) {
    throw failedWrite(world, open, error);
  }
}

function insertGroup(
  { tables, planted }: World,
  lane: number,
  firstSeq: number,
  events: readonly SimulatedEvent[],
): Statement<readonly Outcome[]> {
  const keep = (event: SimulatedEvent, index: number): Outcome => {
    const first = tables.copies.get(event.id)?.[0];
    if (first === undefined || planted === 'no-dedupe') {
      keepRow(tables, lane, { seq: firstSeq + index, event });
      return 'kept';
    }
    return first.subject === event.subject && first.type === event.type ? 'duplicate' : 'reused';
  };
  return {
    name: `insert ${events.length} at ${lane}:${firstSeq}`,
    // A second copy waits for the first one's transaction.
    keys: [...new Set(events.map((event) => `event ${event.id}`))],
    check: () => {
      if (events.some((event) => event.unstorable))
        throw createDatabaseError('22021', 'invalid byte sequence');
    },
    commit: () => events.map(keep),
  };
}

function failedWrite({ planted }: World, open: OpenLane, error: unknown): unknown {
  if (isDataError(error)) return error;
  const graded = toEngineError(error, 'append', true);
  if (!(graded instanceof EngineError)) return graded;
  if (!graded.mayHaveHappened) return unavailable();
  open.abandon();
  return planted === 'told-refused' ? unavailable() : outcomeUnknown(graded);
}

function unavailable(): AppError {
  return new AppError('unavailable', 'The event log cannot write now. Nothing was kept.');
}
