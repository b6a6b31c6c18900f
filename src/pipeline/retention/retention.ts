import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import { noteFindings, settleFindings } from '../verify/index.ts';
import { listDuePartitions } from './removal.queries.ts';
import { removePartition, removeUndated } from './removal.ts';

const DAY_MS = 86_400_000;
const UNDATED_AT_ONCE = 20_000;
/** An id is refused once it is older than the retention; one more day, and no request under way can still name it. */
const MARGIN_DAYS = 1;

export interface RetentionOptions {
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface RetentionReport {
  readonly partitions: number;
  readonly events: number;
  readonly held: readonly { readonly what: string; readonly reason: string }[];
}

/**
 * Removes raw events that are past their days: first verified, then sealed, then dropped. What does not verify stays and
 * is reported. Interrupted at any instant, it goes on at the next call.
 */
export async function applyRetention(db: Db, options: RetentionOptions): Promise<RetentionReport> {
  const { retentionDays, now, logger, signal } = options;
  const firstKept = Math.floor(now / DAY_MS) - retentionDays - MARGIN_DAYS;
  const held: { what: string; reason: string }[] = [];
  let partitions = 0;
  let events = 0;
  for (const due of await listDuePartitions(db, firstKept)) {
    if (signal.aborted) break;
    const removed = await removePartition(db, due);
    if (removed.held) held.push({ what: due.name, reason: removed.held });
    else {
      partitions += 1;
      events += removed.events;
      logger.info(
        { partition: due.name, events: removed.events },
        'raw events past their days were sealed and dropped',
      );
    }
  }
  const before = new Date(now - retentionDays * DAY_MS);
  while (!signal.aborted) {
    const removed = await removeUndated(db, before, UNDATED_AT_ONCE);
    if (removed.held) held.push({ what: 'event_log_undated', reason: removed.held });
    events += removed.events;
    if (removed.events < UNDATED_AT_ONCE) break;
  }
  for (const { what, reason } of held)
    logger.warn({ what, reason }, 'raw events past their days are held back');
  await noteFindings(
    db,
    'retention',
    held.map(({ what, reason }) => ({ key: what, detail: { reason } })),
  );
  await settleFindings(
    db,
    'retention',
    held.map(({ what }) => what),
  );
  return { partitions, events, held };
}
