import type { Event } from '../../events/event.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';

/**
 * The event log in memory, for tests. It keeps nothing over the end of the process, and says so: EL-1 holds within it.
 * With `keepsCopies` it is no raw store and deduplicates nothing, as Kafka.
 */
export function createMemoryLog({ keepsCopies = false } = {}): EventLog {
  const events: Event[] = [];
  const byId = new Map<string, Event>();

  function appendOne(event: Event): AppendOutcome {
    const first = byId.get(event.id);
    if (!first || keepsCopies) {
      byId.set(event.id, event);
      events.push(event);
      return { status: 'kept' };
    }
    const { subject, type } = first;
    const same =
      subject.kind === event.subject.kind && subject.id === event.subject.id && type === event.type;
    return same ? { status: 'duplicate' } : { status: 'reused', subject, type };
  }

  const slice = (after: number, limit: number) => {
    const batch = events
      .slice(after, after + limit)
      .map((event, index) => ({ position: after + index + 1, event }));
    return {
      events: batch,
      count: batch.length,
      upTo: batch.at(-1)?.position ?? after,
      atEnd: batch.length < limit,
    };
  };

  return {
    identity: 'memory',
    capabilities: { deduplicates: !keepsCopies, isRawStore: !keepsCopies },
    append: (batch) => Promise.resolve(batch.map(appendOne)),
    listPartitions: () => Promise.resolve([{ partition: 1, createdAt: new Date(0) }]),
    read: (_partition, after, limit) => Promise.resolve(slice(after, limit)),
    span: (_partition, after, limit) => Promise.resolve(slice(after, limit)),
    clock: () => Promise.resolve(new Date()),
    queued: () => 0,
    writable: () => true,
    close: () => Promise.resolve(),
  };
}
