import { createDatabaseError } from '../../db/pg-errors.ts';
import type { Draw, Weather } from './run-plan.ts';
import { createLocks } from './statement-locks.ts';
import type { Life, VirtualTime } from './virtual-time.ts';

/** One statement, one transaction. */
export interface Statement<T> {
  readonly name: string;
  /** Locked from the start of its work to its end; who comes later waits. */
  readonly keys?: readonly string[];
  /** Throws the error of its data. */
  readonly check?: () => void;
  /** What it does to the tables, in the instant of its commit. */
  readonly commit: () => T;
}

export interface Session {
  readonly name: string;
  readonly life: Life;
  /** Locks that live as long as the session does. */
  readonly lanes: Set<number>;
  /** Calls whose answer its client still waits for. */
  readonly waiting: Set<(message: string) => void>;
  /** Told when the session ends by itself. */
  onLost: () => void;
  /** The client closed its socket. */
  left: boolean;
  /** The server saw that: it ends once its statement is done. */
  gone: boolean;
  ended: boolean;
  /** Statements that were sent and have not ended at the server. */
  running: number;
  frozenUntil: number;
}

export interface SimulatedServer {
  readonly open: (life: Life, name: string) => Session;
  /** Rejects as the driver does: DatabaseError, or an Error of the connection. */
  readonly call: <T>(session: Session, statement: Statement<T>, limitMs: number) => Promise<T>;
  /** The client closes its socket, or dies. */
  readonly leave: (session: Session) => void;
  /** The holder of a lane, while it lives. */
  readonly holderOf: (lane: number) => Session | undefined;
  readonly takeLane: (session: Session, lane: number) => void;
  /** An administrator ends the session's backend. */
  readonly endSession: (session: Session) => void;
  readonly freeze: (ms: number) => void;
  /** kill -9: what is not committed is gone. */
  readonly crash: (downMs: number) => void;
  readonly sessions: () => readonly Session[];
  /** Whether a statement runs whose client is no more. */
  readonly lingers: () => boolean;
}

type Fate =
  | 'fine'
  | 'rollback'
  | 'resources'
  | 'lost-before'
  | 'lost-after'
  | 'ended-before'
  | 'ended-after'
  | 'ended-with'
  | 'silent';

interface ServerOptions {
  readonly time: VirtualTime;
  readonly draw: Draw;
  /** Calm once trouble is over. */
  readonly weather: () => Weather;
  readonly note: (text: string) => void;
  /** Planted: a session's lanes go on as soon as its client is gone. */
  readonly earlyRelease: boolean;
}

/**
 * PostgreSQL as its clients meet it: statements that take their time, wait for each other's keys, commit whole or not at
 * all, answer late, wrongly or never; sessions that outlive their client until the server sees that it is gone.
 */
export function createSimulatedServer(options: ServerOptions): SimulatedServer {
  const { time, draw, note } = options;
  const sessions = new Set<Session>();
  const holders = new Map<number, Session>();
  let locks = createLocks();
  let era = 0;
  let downUntil = 0;
  let frozenUntil = 0;

  /** After `ms` of the server's own time: a frozen one goes on where it was. */
  function work(session: Session, ms: number, run: () => void): void {
    const mine = era;
    const step = () => {
      if (mine !== era) return;
      const thaw = Math.max(frozenUntil, session.frozenUntil);
      if (thaw > time.now()) time.after(thaw - time.now(), step);
      else run();
    };
    time.after(ms, step);
  }

  function end(session: Session): void {
    if (session.ended) return;
    session.ended = true;
    sessions.delete(session);
    for (const lane of session.lanes) if (holders.get(lane) === session) holders.delete(lane);
  }

  function endOnceIdle(session: Session): void {
    if (session.gone && session.running === 0) end(session);
  }

  function leave(session: Session): void {
    if (session.left || session.ended) return;
    session.left = true;
    if (options.earlyRelease) for (const lane of session.lanes) holders.delete(lane);
    const noticed = draw.chance(0.8) ? draw.between(0, 20) : draw.between(20, 3_000);
    work(session, noticed, () => {
      session.gone = true;
      endOnceIdle(session);
    });
  }

  /** The client hears that its connection is no more. */
  function breakOff(session: Session, message: string): void {
    const calls = [...session.waiting];
    session.waiting.clear();
    time.after(draw.between(0.1, 2), () => {
      for (const call of calls) call(message);
      if (session.life.alive) session.onLost();
    });
  }

  function drawFate(): Fate {
    const { lost, refused, silent } = options.weather();
    if (draw.chance(lost))
      return draw.pick<Fate>(['lost-before', 'lost-after', 'ended-before', 'ended-after', 'ended-with']);
    if (draw.chance(refused)) return draw.pick<Fate>(['rollback', 'rollback', 'resources']);
    return draw.chance(silent) ? 'silent' : 'fine';
  }

  const workMs = () => (draw.chance(options.weather().slow) ? draw.between(5, 4_000) : draw.between(0.2, 4));

  /** From its arrival at the server to its end there. */
  function execute<T>(session: Session, statement: Statement<T>, fate: Fate, ending: Ending<T>): void {
    const keys = statement.keys ?? [];
    const { answer, resolve, reject } = ending;
    const finish = () => {
      session.running -= 1;
      locks.release(keys);
      endOnceIdle(session);
    };
    const refuse = (error: Error) => {
      finish();
      answer(() => reject(error));
    };
    const farewell = () =>
      reject(createDatabaseError('57P01', 'terminating connection due to administrator command'));
    const endBackend = (tell: () => void) => {
      end(session);
      answer(() => {
        tell();
        session.onLost();
      });
    };
    locks.take(keys, () =>
      work(session, workMs(), () => {
        if (fate === 'rollback') return refuse(createDatabaseError('40001', 'could not serialize access'));
        if (fate === 'resources') return refuse(createDatabaseError('53100', 'could not extend file'));
        try {
          statement.check?.();
        } catch (error) {
          return refuse(error as Error);
        }
        work(session, workMs(), () => {
          if (fate === 'ended-before') {
            note(`${session.name} ${statement.name}: ended before its commit`);
            finish();
            return endBackend(farewell);
          }
          const value = statement.commit();
          if (statement.keys) note(`${session.name} ${statement.name}: committed`);
          finish();
          if (fate === 'ended-after') return endBackend(farewell);
          if (fate === 'ended-with') return endBackend(() => resolve(value));
          if (fate === 'lost-after') return breakOff(session, 'Connection terminated unexpectedly');
          if (fate !== 'silent') answer(() => resolve(value));
        });
      }),
    );
  }

  function call<T>(session: Session, statement: Statement<T>, limitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        takeBack();
        session.waiting.delete(fail);
        if (session.life.alive) reject(new Error(message));
      };
      const takeBack = time.after(limitMs, () => {
        note(`${session.name} ${statement.name}: no answer in time`);
        fail('Query read timeout');
        leave(session);
      });
      const answer = (run: () => void) => {
        time.after(draw.between(0.1, 1.5), () => {
          if (!session.waiting.delete(fail)) return;
          takeBack();
          if (session.life.alive) run();
        });
      };
      session.waiting.add(fail);
      const fate = drawFate();
      if (fate !== 'fine') note(`${session.name} ${statement.name}: ${fate}`);
      if (session.left || session.ended || downUntil > time.now())
        return breakOff(session, 'Connection terminated');
      if (fate === 'lost-before') {
        leave(session);
        return breakOff(session, 'read ECONNRESET');
      }
      session.running += 1;
      work(session, draw.between(0.1, 1.5), () => {
        if (session.ended) return breakOff(session, 'Connection terminated');
        execute(session, statement, fate, { answer, resolve, reject });
      });
    });
  }

  return {
    call,
    leave,
    open: (life, name) => {
      const session: Session = {
        name,
        life,
        lanes: new Set(),
        waiting: new Set(),
        onLost: () => undefined,
        left: false,
        gone: false,
        ended: false,
        running: 0,
        frozenUntil: 0,
      };
      sessions.add(session);
      return session;
    },
    holderOf: (lane) => holders.get(lane),
    takeLane: (session, lane) => {
      holders.set(lane, session);
      session.lanes.add(lane);
    },
    endSession: (session) => {
      // Between two statements: one that runs dies by its own fate.
      if (session.running > 0) return;
      end(session);
      breakOff(session, 'terminating connection due to administrator command');
    },
    freeze: (ms) => {
      frozenUntil = Math.max(frozenUntil, time.now() + ms);
    },
    crash: (downMs) => {
      era += 1;
      downUntil = time.now() + downMs;
      frozenUntil = 0;
      locks = createLocks();
      for (const session of [...sessions]) {
        session.running = 0;
        end(session);
        breakOff(session, 'Connection terminated unexpectedly');
      }
    },
    sessions: () => [...sessions],
    lingers: () => [...sessions].some((session) => session.left && session.running > 0),
  };
}

interface Ending<T> {
  readonly answer: (run: () => void) => void;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}
