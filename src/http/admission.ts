import type { FastifyInstance, RouteOptions } from 'fastify';
import { AppError } from '../kit/errors.ts';
import { createLoopTurn, type LoopTurn } from './loop-turn.ts';

/** What is refused before what, when not all can be done. `last` are events: they are why the server is there. */
type Shedding = 'first' | 'last' | 'never';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Default `first`. */
    shed?: Shedding;
  }
}

interface AdmissionOptions {
  /** Milliseconds that an event would wait for the event log, now. */
  readonly logWaitMs: () => number;
  readonly turn?: LoopTurn;
}

/** Milliseconds that a request may wait for the event loop where its queue stands; in a burst, any may wait longer. */
const STANDING_MS = { first: 25, last: 50 } as const;
const BURST_MS = 500;
/** Milliseconds that an event may wait for the event log. Other requests do not need it, and may be answered. */
const LOG_MS = 300;

// One for all: making an error, with its stack, is a good part of what a refusal takes.
const OVERLOADED = new AppError(
  'overloaded',
  'More comes than this server can do in time. Nothing of this request was done; repeat it after Retry-After.',
);

/**
 * Refuses requests before their bodies are read or anything is looked up, once they would wait too long: with work for
 * nothing, a server at three times its load serves nobody. Call before any route.
 */
export function shedOverload(app: FastifyInstance, options: AdmissionOptions): void {
  const { logWaitMs, turn = createLoopTurn() } = options;

  function refuses(shedding: 'first' | 'last'): boolean {
    const { waitedMs, standing } = turn.take();
    if (waitedMs > (standing ? STANDING_MS[shedding] : BURST_MS)) return true;
    return shedding === 'last' && logWaitMs() > LOG_MS;
  }

  app.addHook('onRoute', (route: RouteOptions) => {
    const shedding = route.config?.shed ?? 'first';
    if (shedding === 'never') return;
    const others = route.onRequest === undefined ? [] : [route.onRequest].flat();
    route.onRequest = [
      (request, reply, done) => {
        if (!refuses(shedding)) return done();
        // It holds nothing of anybody, and a page from elsewhere shall know when to come again.
        if (request.headers.origin !== undefined)
          reply
            .header('access-control-allow-origin', '*')
            .header('access-control-expose-headers', 'retry-after');
        done(OVERLOADED);
      },
      ...others,
    ];
  });
}
