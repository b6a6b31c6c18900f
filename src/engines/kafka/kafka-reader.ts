import type { Consumer } from '@platformatic/kafka';
import type { LogBatch, LogSpan, UnreadableRecord } from '../../ports/event-log.ts';
import { decodeEvent } from './event-codec.ts';
import {
  clientOptions,
  hasKafkaCode,
  type KafkaPackage,
  type KafkaSettings,
  toKafkaError,
  withLimit,
} from './kafka-client.ts';
import type { KafkaTopic } from './kafka-topic.ts';

const FETCH_BYTES = 4_000_000;
const CALL_MS = 5_000;
const CLOSE_MS = 1_000;
const LATEST = -1n;
const EARLIEST = -2n;
const UNREADABLE_BYTES = 4_096;

export interface KafkaReader {
  readonly read: (partition: number, after: number, limit: number) => Promise<LogBatch>;
  readonly span: (partition: number, after: number, limit: number) => Promise<LogSpan>;
  readonly close: () => Promise<void>;
}

type EventConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;
type FetchResponsePartition = Awaited<
  ReturnType<EventConsumer['fetch']>
>['responses'][number]['partitions'][number];

interface ReaderOptions {
  readonly kafka: KafkaPackage;
  readonly settings: KafkaSettings;
  readonly topic: KafkaTopic;
}

/**
 * Reads by explicit offsets, outside any consumer group: positions are kept elsewhere, and nothing rebalances. A position
 * is the offset behind its event, so it is where the next read begins. One call at a time: the client's fetch sessions
 * bear no two. A client that failed once is given up and replaced, its brokers in another order.
 */
export function createKafkaReader(options: ReaderOptions): KafkaReader {
  const { kafka, settings } = options;
  const name = settings.topic;
  let consumer: EventConsumer | undefined;
  let attempts = 0;
  let last: Promise<unknown> = Promise.resolve();

  function open(): EventConsumer {
    if (consumer) return consumer;
    consumer = new kafka.Consumer({ ...clientOptions(settings, attempts), groupId: 'weir' });
    consumer.topics.track(name);
    attempts += 1;
    return consumer;
  }

  function inTurn<T>(operation: string, work: (client: EventConsumer) => Promise<T>): Promise<T> {
    const run = async () => {
      const client = open();
      try {
        return await withLimit(work(client), CALL_MS, operation);
      } catch (error) {
        if (error instanceof LogEndError) throw error;
        consumer = undefined;
        void closeConsumer(client);
        throw toKafkaError(error, operation);
      }
    };
    const turn = last.then(run, run);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function offsetAt(client: EventConsumer, partition: number, timestamp: bigint): Promise<number> {
    const offsets = await client.listOffsets({
      topics: [name],
      partitions: { [name]: [partition] },
      timestamp,
    });
    return Number(offsets.get(name)![partition]);
  }

  /** The end as the leader vouches for it: after an election it answers only once it knows what was acknowledged. */
  async function endOf(client: EventConsumer, partition: number, after: number): Promise<number> {
    const end = await offsetAt(client, partition, LATEST);
    if (after > end) throw new LogEndError(name, partition, after, end);
    return end;
  }

  async function readBatch(client: EventConsumer, partition: number, after: number, limit: number) {
    const end = await endOf(client, partition, after);
    const rows = createRows(after, limit);
    while (rows.upTo() < end && !rows.full()) {
      const at = rows.upTo();
      const fetched = await fetchFrom(client, options.topic.id, name, partition, at).catch(
        (error: unknown) => {
          if (hasKafkaCode(error, 'OFFSET_OUT_OF_RANGE')) return undefined;
          throw error;
        },
      );
      if (fetched) rows.take(fetched);
      else {
        const first = await offsetAt(client, partition, EARLIEST);
        if (first <= at) throw new Error(`offset ${at} of partition ${partition} cannot be read`);
        rows.gap(first);
      }
      if (rows.upTo() > at) continue;
      // A new leader may not hand out yet what it vouches for. Whoever took an empty batch for the end would be wrong.
      if (at === after) throw new Error(`nothing came from offset ${at}, though the log ends at ${end}`);
      break;
    }
    return rows.batch(end);
  }

  return {
    read: (partition, after, limit) => inTurn('read', (client) => readBatch(client, partition, after, limit)),
    span: (partition, after, limit) =>
      inTurn('span', async (client) => {
        const end = await endOf(client, partition, after);
        const upTo = Math.min(end, after + limit);
        return { upTo, count: upTo - after, atEnd: end - after < limit };
      }),
    close: async () => {
      await last;
      if (consumer) await closeConsumer(consumer);
    },
  };
}

/** Events were counted that the log does not hold any more: it lost its end, or is not the log that it was. */
class LogEndError extends Error {
  override readonly name = 'LogEndError';
  constructor(topic: string, partition: number, position: number, end: number) {
    super(
      `Topic ${topic}, partition ${partition} ends at offset ${end}, but ${position} was counted already: Kafka lost acknowledged events, or was restored from a copy. Counting of this partition stands still until it is past that offset; name a new KAFKA_TOPIC to go on without it.`,
    );
  }
}

async function fetchFrom(
  client: EventConsumer,
  topicId: string,
  name: string,
  partition: number,
  offset: number,
): Promise<FetchResponsePartition | undefined> {
  const metadata = await client.metadata({ topics: [name] });
  const leader = metadata.topics.get(name)?.partitions[partition]?.leader;
  if (leader === undefined) throw new Error(`partition ${partition} has no leader`);
  const answer = await client.fetch({
    node: leader,
    maxWaitTime: 200,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    isolationLevel: 0,
    topics: [
      {
        topicId,
        partitions: [
          {
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(offset),
            lastFetchedEpoch: -1,
            partitionMaxBytes: FETCH_BYTES,
          },
        ],
      },
    ],
  });
  const parts = answer.responses.flatMap((topic) => topic.partitions);
  return parts.find((part) => part.partitionIndex === partition) ?? undefined;
}

/** Collects up to `limit` records behind `after`; a fetch gives whole batches, so often some that come before. */
function createRows(after: number, limit: number) {
  const events: LogBatch['events'][number][] = [];
  const unreadable: UnreadableRecord[] = [];
  let upTo = after;
  const count = () => events.length + unreadable.length;

  function takeRecord(position: number, value: Buffer | null): void {
    upTo = position;
    try {
      events.push({ position, event: decodeEvent(value) });
    } catch (error) {
      const detail = (error as Error).message.replaceAll('\0', '');
      const payload = { record: value?.subarray(0, UNREADABLE_BYTES).toString('base64') ?? null };
      unreadable.push({ position, reason: 'unreadable', detail, payload });
    }
  }

  return {
    upTo: () => upTo,
    full: () => count() >= limit,
    take: ({ records }: FetchResponsePartition) => {
      for (const batch of records ?? []) {
        for (const record of batch.records) {
          const position = Number(batch.firstOffset) + record.offsetDelta + 1;
          if (position > upTo && count() < limit) takeRecord(position, record.value);
        }
      }
    },
    /** Kafka's retention removed what was not read yet. */
    gap: (first: number) => {
      const detail = `Kafka deleted offsets ${upTo} to ${first - 1} before they were counted: its retention is shorter than counting stood still.`;
      unreadable.push({ position: first, reason: 'log_gap', detail, payload: { from: upTo, to: first - 1 } });
      upTo = first;
    },
    batch: (end: number): LogBatch => ({
      events,
      ...(unreadable.length > 0 && { unreadable }),
      count: count(),
      upTo,
      atEnd: upTo >= end && count() < limit,
    }),
  };
}

async function closeConsumer(consumer: EventConsumer): Promise<void> {
  await withLimit(consumer.close(true), CLOSE_MS, 'close').catch(() => undefined);
}
