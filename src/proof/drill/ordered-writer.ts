import { randomUUID } from 'node:crypto';
import type { KafkaSettings } from '../../engines/kafka/kafka-client.ts';
import { openKafkaLog } from '../../engines/kafka/kafka-log.ts';
import type { Event } from '../../events/event.ts';
import { dayOfEventId, newEventId } from '../../events/event-id.ts';
import { systemClock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { createLogger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';

const EVERY_MS = 10;
/** So that some share a send, and some wait behind one. */
const AT_ONCE = 4;
const MOST_WAITING = 2_000;
const PAGE = 1_000;

/** One process that appends to a log in Kafka by itself, each event once, and knows in which order. */
export interface OrderedWriter {
  /** Appends no more, and reads back what became of all of it. Kafka must answer. */
  readonly stop: () => Promise<OrderReport>;
}

export interface OrderReport {
  readonly appended: number;
  readonly kept: number;
  /** `outcome_unknown`: there once or not at all. */
  readonly unknown: number;
  readonly unknown_there: number;
  /** Kept, and not in the log. */
  readonly lost: number;
  /** Records beyond the first of one append. */
  readonly double: number;
  /** Kept, and in its partition behind one that was appended later and kept, too. */
  readonly out_of_order: number;
  /** Said to have come to nothing, and there. */
  readonly refused_there: number;
}

type Outcome = 'waiting' | 'kept' | 'unknown' | 'refused';

interface Append {
  readonly number: number;
  outcome: Outcome;
}

/** Its events belong to `campaign`, which no line of the history may name: they are counted like any other. */
export async function startOrderedWriter(settings: KafkaSettings, campaign: number): Promise<OrderedWriter> {
  const log = await openKafkaLog({
    settings,
    clock: systemClock,
    log: createLogger('silent'),
    writes: true,
    creates: false,
    now: () => Promise.resolve(new Date()),
  });
  const stop = new AbortController();
  const appends = new Map<string, Append>();
  const waiting = new Set<Promise<void>>();

  function append(): void {
    const event = buildView(campaign);
    const one: Append = { number: appends.size, outcome: 'waiting' };
    appends.set(event.id, one);
    const answered = log
      .append([event])
      .then(() => 'kept' as const, toOutcome)
      .then((outcome) => {
        one.outcome = outcome;
      });
    waiting.add(answered);
    void answered.finally(() => waiting.delete(answered));
  }

  const writing = (async () => {
    while (!stop.signal.aborted) {
      for (let at = 0; at < AT_ONCE && waiting.size < MOST_WAITING; at += 1) append();
      await sleep(EVERY_MS, stop.signal);
    }
    await Promise.all(waiting);
  })();
  return {
    stop: async () => {
      stop.abort();
      await writing;
      try {
        return await checkOrder(log, appends);
      } finally {
        await log.close();
      }
    },
  };
}

function toOutcome(error: unknown): Outcome {
  if (!(error instanceof AppError)) throw error;
  return error.code === 'outcome_unknown' ? 'unknown' : 'refused';
}

async function checkOrder(log: EventLog, appends: ReadonlyMap<string, Append>): Promise<OrderReport> {
  const copies = new Map<string, number>();
  let outOfOrder = 0;
  for (const { partition } of await log.listPartitions()) {
    let last = -1;
    for await (const id of readIds(log, partition)) {
      const one = appends.get(id);
      if (!one) continue;
      copies.set(id, (copies.get(id) ?? 0) + 1);
      if (one.outcome !== 'kept') continue;
      if (one.number < last) outOfOrder += 1;
      last = Math.max(last, one.number);
    }
  }
  const all = [...appends].map(([id, { outcome }]) => ({ outcome, there: copies.get(id) ?? 0 }));
  const count = (of: Outcome) => all.filter((one) => one.outcome === of).length;
  const countThere = (of: Outcome) => all.filter((one) => one.outcome === of && one.there > 0).length;
  return {
    appended: appends.size,
    kept: count('kept'),
    unknown: count('unknown'),
    unknown_there: countThere('unknown'),
    lost: count('kept') - countThere('kept'),
    double: all.reduce((sum, { there }) => sum + Math.max(0, there - 1), 0),
    out_of_order: outOfOrder,
    refused_there: countThere('refused'),
  };
}

async function* readIds(log: EventLog, partition: number): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const batch = await log.read(partition, after, PAGE);
    for (const { event } of batch.events) yield event.id;
    after = batch.upTo;
    if (batch.atEnd) return;
  }
}

function buildView(campaign: number): Event {
  const id = newEventId();
  const now = Date.now();
  return {
    id,
    day: dayOfEventId(id),
    subject: { kind: 'campaign', id: campaign },
    type: 'view',
    occurredAt: now,
    receivedAt: now,
    actor: randomUUID(),
    member: false,
    verdict: { valid: true },
    flags: 0,
    source: 'api',
    address: undefined,
    userAgent: undefined,
    referrer: undefined,
    page: undefined,
  };
}
