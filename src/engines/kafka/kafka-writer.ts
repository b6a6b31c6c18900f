import type { MessageToProduce } from '@platformatic/kafka';
import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { createGroupQueue, outcomeUnknown } from '../../kit/group-queue.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import { encodeEvent } from './event-codec.ts';
import { hasKafkaCode, withLimit } from './kafka-client.ts';
import { type KeeperOptions, openProducerKeeper, type ProducerKeeper } from './producer-keeper.ts';
import { createSendTurns } from './send-turns.ts';

const MAX_GROUP = 1_000;
const MAX_QUEUED = 20_000;
const DEADLINE_MS = 2_500;
/** Before the queue's own deadline: what comes behind a send that hangs is told "nothing was kept", and is right. */
const SEND_MS = 2_300;
/** Below what a broker takes in one batch by default (1,048,588), with room for keys and headers. */
const MAX_BATCH_BYTES = 800_000;
const KEPT: AppendOutcome = { status: 'kept' };

export interface KafkaWriter {
  readonly append: (events: readonly Event[]) => Promise<readonly AppendOutcome[]>;
  readonly queued: () => number;
  /** Of the partition that is fastest now: one whose leader is away is no overload of the others. */
  readonly expectedWaitMs: () => number;
  readonly writable: () => boolean;
  /** So many partitions are written to from now on. Rejects where the producer does not know them yet. */
  readonly grow: (partitions: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface WriterOptions extends KeeperOptions {
  readonly clock: Clock;
}

type EventMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/**
 * Keeps events in Kafka: idempotent, acks=all, keyed by event id. Each partition has a queue of its own, so that it never
 * has two sends in flight and no send names two partitions: otherwise this client doubles and reorders when a leader changes.
 */
export async function openKafkaWriter(options: WriterOptions): Promise<KafkaWriter> {
  const keeper = await openProducerKeeper(options);
  const turns = createSendTurns();
  const openQueue = (partition: number) =>
    createGroupQueue<Event, AppendOutcome>({
      clock: options.clock,
      maxGroup: MAX_GROUP,
      maxQueued: MAX_QUEUED,
      deadlineMs: DEADLINE_MS,
      turn: (waiting) => turns.take(partition, waiting),
      write: (events) =>
        sendGroup(keeper, events, options.settings.topic, partition).finally(() => turns.end(partition)),
    });
  const queues = Array.from({ length: options.topic.partitions }, (_, partition) => openQueue(partition));
  const queued = () => queues.reduce((sum, queue) => sum + queue.queued(), 0);

  return {
    queued,
    expectedWaitMs: () => Math.min(...queues.map((queue) => queue.expectedWaitMs())),
    writable: () => keeper.current() !== undefined,
    append: (events) => {
      if (!keeper.current()) return Promise.reject(notConnected());
      // For all partitions at once: what is refused later, beside parts that were kept, could only be called unknown.
      if (queued() + events.length > MAX_QUEUED) return Promise.reject(overloaded());
      return appendByPartition(events, queues);
    },
    grow: async (partitions) => {
      await keeper.expect(partitions);
      while (queues.length < partitions) queues.push(openQueue(queues.length));
    },
    close: async () => {
      await Promise.all(queues.map((queue) => queue.close()));
      await keeper.close();
    },
  };
}

async function sendGroup(
  keeper: ProducerKeeper,
  events: readonly Event[],
  topic: string,
  partition: number,
): Promise<readonly AppendOutcome[]> {
  let sent = false;
  for (const messages of toBatches(events, topic, partition)) {
    const producer = keeper.current();
    if (!producer) throw sent ? outcomeUnknown() : notConnected();
    failpoint?.('send.before');
    try {
      await withLimit(producer.send({ messages }), SEND_MS, 'acknowledge');
      failpoint?.('send.after-answer');
    } catch (error) {
      keeper.giveUp(producer, error);
      throw !sent && wasRefused(error) ? notConnected(error) : outcomeUnknown(error);
    }
    sent = true;
  }
  return events.map(() => KEPT);
}

type Queues = readonly { readonly add: (events: readonly Event[]) => Promise<readonly AppendOutcome[]> }[];

/** Where a part was kept, or may have been, nobody may be told that nothing was. */
async function appendByPartition(
  events: readonly Event[],
  queues: Queues,
): Promise<readonly AppendOutcome[]> {
  const [first] = events;
  if (first && events.length === 1) return queues[partitionOf(first.id, queues.length)]!.add(events);
  const parts = new Map<number, number[]>();
  for (const [index, event] of events.entries()) {
    const partition = partitionOf(event.id, queues.length);
    const part = parts.get(partition);
    if (part) part.push(index);
    else parts.set(partition, [index]);
  }
  const outcomes: AppendOutcome[] = Array.from({ length: events.length }, () => KEPT);
  const settled = await Promise.allSettled(
    [...parts].map(async ([partition, indexes]) => {
      const kept = await queues[partition]!.add(indexes.map((index) => events[index]!));
      for (const [at, index] of indexes.entries()) outcomes[index] = kept[at]!;
    }),
  );
  const failed = settled.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
  if (failed.length === 0) return outcomes;
  const nothingKept = failed.length === settled.length && failed.every(saysNothingKept);
  throw nothingKept ? failed[0] : outcomeUnknown(failed[0]);
}

function saysNothingKept(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'unavailable' || error.code === 'overloaded');
}

/** All copies of an id meet in one partition. FNV-1a over the canonical text. */
export function partitionOf(id: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % partitions;
}

function toBatches(events: readonly Event[], topic: string, partition: number): EventMessage[][] {
  const batches: EventMessage[][] = [[]];
  let bytes = 0;
  for (const event of events) {
    const value = encodeEvent(event);
    if (bytes + value.length > MAX_BATCH_BYTES && bytes > 0) {
      batches.push([]);
      bytes = 0;
    }
    bytes += value.length;
    batches.at(-1)!.push({ topic, partition, key: Buffer.from(event.id), value });
  }
  return batches;
}

/** Surely not written: the leader saw that too few copies are there, before it appended. */
function wasRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(wasRefused);
  return hasKafkaCode(error, 'NOT_ENOUGH_REPLICAS');
}

function notConnected(cause?: unknown): AppError {
  return new AppError(
    'unavailable',
    'The event log has no connection to Kafka. Nothing was kept; repeat after Retry-After.',
    cause === undefined ? {} : { cause },
  );
}

function overloaded(): AppError {
  return new AppError(
    'overloaded',
    'More events wait than Kafka takes in time. Nothing of this request was kept; repeat it after Retry-After.',
  );
}
