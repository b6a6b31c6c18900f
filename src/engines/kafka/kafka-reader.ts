import type { RecordsBatch } from '@platformatic/kafka';
import type { LogBatch, LogSpan, UnreadableRecord } from '../../ports/event-log.ts';
import { createConsumerTurns, type EventConsumer } from './consumer-turns.ts';
import { decodeEvent } from './event-codec.ts';
import { hasKafkaCode, type KafkaPackage, type KafkaSettings } from './kafka-client.ts';
import type { KafkaTopic } from './kafka-topic.ts';

const FETCH_BYTES = 4_000_000;
const LATEST = -1n;
const EARLIEST = -2n;
const UNREADABLE_BYTES = 4_096;

export interface KafkaReader {
  readonly read: (partition: number, after: number, limit: number) => Promise<LogBatch>;
  readonly span: (partition: number, after: number, limit: number) => Promise<LogSpan>;
  readonly close: () => Promise<void>;
}

interface ReaderOptions {
  readonly kafka: KafkaPackage;
  readonly settings: KafkaSettings;
  readonly topic: KafkaTopic;
}

/**
 * Reads by explicit offsets, outside any consumer group: positions are kept elsewhere, and nothing rebalances. A position
 * is the offset behind its event, so it is where the next read begins.
 */
export function createKafkaReader({ kafka, settings, topic }: ReaderOptions): KafkaReader {
  const name = settings.topic;
  const isAnswer = (error: unknown) => error instanceof LogEndError;
  const turns = createConsumerTurns({ kafka, settings, isAnswer });
  const at = (partition: number): Place => ({ name, id: topic.id, partition });

  return {
    read: (partition, after, limit) =>
      turns.run('read', (client) => readBatch(client, at(partition), after, limit)),
    span: (partition, after, limit) =>
      turns.run('span', async (client) => {
        const end = await findEnd(client, at(partition), after);
        const upTo = Math.min(end, after + limit);
        return { upTo, count: upTo - after, atEnd: end - after < limit };
      }),
    close: turns.close,
  };
}

interface Place {
  /** Of the topic. */
  readonly name: string;
  readonly id: string;
  readonly partition: number;
}

async function readBatch(
  client: EventConsumer,
  place: Place,
  after: number,
  limit: number,
): Promise<LogBatch> {
  const end = await findEnd(client, place, after);
  const rows = createRows(after, limit);
  while (rows.upTo() < end && !rows.full()) {
    const at = rows.upTo();
    const fetched = await fetchFrom(client, place, at);
    if (fetched === 'deleted') rows.gap(await findOffset(client, place, EARLIEST));
    else rows.take(fetched);
    if (rows.upTo() > at) continue;
    // A new leader may not hand out yet what it vouches for. Whoever took an empty batch for the end would be wrong.
    if (at === after) throw new Error(`nothing came from offset ${at}, though the log ends at ${end}`);
    break;
  }
  return rows.batch(end);
}

/** The end as the leader vouches for it: after an election it answers only once it knows what was acknowledged. */
async function findEnd(client: EventConsumer, place: Place, after: number): Promise<number> {
  await learnPartition(client, place);
  const end = await findOffset(client, place, LATEST);
  if (after > end) throw new LogEndError(place, after, end);
  return end;
}

/** A partition that was added since is not known to a client that was opened before. */
async function learnPartition(client: EventConsumer, { name, partition }: Place): Promise<void> {
  const metadata = await client.metadata({ topics: [name] });
  if (partition >= (metadata.topics.get(name)?.partitionsCount ?? 0))
    await client.metadata({ topics: [name], forceUpdate: true });
}

async function findOffset(client: EventConsumer, place: Place, timestamp: bigint): Promise<number> {
  const { name, partition } = place;
  const offsets = await client.listOffsets({
    topics: [name],
    partitions: { [name]: [partition] },
    timestamp,
  });
  return Number(offsets.get(name)![partition]);
}

/** Events were counted that the log does not hold any more: it lost its end, or is not the log that it was. */
class LogEndError extends Error {
  override readonly name = 'LogEndError';
  constructor({ name, partition }: Place, position: number, end: number) {
    super(
      `Topic ${name}, partition ${partition} ends at offset ${end}, but ${position} was counted already: Kafka lost acknowledged events, or was restored from a copy. Counting of this partition stands still until it is past that offset; name a new KAFKA_TOPIC to go on without it.`,
    );
  }
}

/** Batches from the one that holds the offset on; `deleted` where the log begins later. */
async function fetchFrom(
  client: EventConsumer,
  { name, id, partition }: Place,
  offset: number,
): Promise<readonly RecordsBatch[] | 'deleted'> {
  const metadata = await client.metadata({ topics: [name] });
  const leader = metadata.topics.get(name)?.partitions[partition]?.leader;
  if (leader === undefined) throw new Error(`partition ${partition} has no leader`);
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(offset),
    lastFetchedEpoch: -1,
    partitionMaxBytes: FETCH_BYTES,
  };
  try {
    const { responses } = await client.fetch({
      node: leader,
      maxWaitTime: 200,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: 0,
      topics: [{ topicId: id, partitions: [wanted] }],
    });
    const parts = responses.flatMap((one) => one.partitions);
    return parts.find((one) => one.partitionIndex === partition)?.records ?? [];
  } catch (error) {
    if (hasKafkaCode(error, 'OFFSET_OUT_OF_RANGE')) return 'deleted';
    throw error;
  }
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
    take: (batches: readonly RecordsBatch[]) => {
      for (const batch of batches) {
        for (const record of batch.records) {
          const position = Number(batch.firstOffset) + record.offsetDelta + 1;
          if (position > upTo && count() < limit) takeRecord(position, record.value);
        }
      }
    },
    /** Kafka's retention removed what was not read yet. */
    gap: (first: number) => {
      if (first <= upTo) return;
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
