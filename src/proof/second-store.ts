import type { Db } from '../db/pool.ts';
import { EVENT_TYPES, SUBJECT_KINDS } from '../events/event.ts';
import type { RawEvent, RawStore } from '../ports/raw-store.ts';
import { readHistory } from './history.ts';
import { checkLine, createTally, note, type OracleReport, type RawRow, toOracleReport } from './oracle.ts';

const GROUP = 1_000;
const TYPES = Object.keys(EVENT_TYPES) as (keyof typeof EVENT_TYPES)[];

/**
 * As `checkHistory`, for a raw store beside the log, by what it shows to people: a client's history against its rows, and
 * the counters against the number of its rows.
 */
export async function checkSecondStore(
  db: Db,
  store: Pick<RawStore, 'listEvents'>,
  path: string,
): Promise<OracleReport> {
  const tally = createTally();
  const kept = new Map<string, RawRow[]>();
  const counts = new Map<number, Record<string, number>>();
  for await (const lines of readHistory(path, GROUP)) {
    for (const { campaign_id: id } of lines) {
      if (counts.has(id)) continue;
      const rows = await readCampaign(store, id);
      counts.set(id, countTypes(rows));
      for (const { event_id, type } of rows) {
        const row = {
          event_id,
          subject_id: id,
          subject_kind: SUBJECT_KINDS.campaign,
          type: EVENT_TYPES[type],
        };
        kept.set(event_id, [...(kept.get(event_id) ?? []), row]);
      }
    }
  }
  for await (const lines of readHistory(path, GROUP)) {
    for (const line of lines) {
      checkLine(line, kept.get(line.event_id) ?? [], tally);
      kept.delete(line.event_id);
    }
  }
  if (kept.size > 0) note(tally, 'mismatch', kept.size, `it holds ${kept.size} events that nobody sent`);
  await checkTotals(db, counts, (off, finding) => note(tally, 'mismatch', off, finding));
  return toOracleReport(tally);
}

async function readCampaign(store: Pick<RawStore, 'listEvents'>, id: number): Promise<RawEvent[]> {
  const all: RawEvent[] = [];
  for (;;) {
    const last = all.at(-1);
    const after = last && { occurredAt: last.occurred_at, eventId: last.event_id };
    const subject = { kind: 'campaign', id } as const;
    const everything = { from: undefined, to: undefined, type: undefined, eventId: undefined };
    const rows = await store.listEvents({ subject, traffic: 'all', ...everything, after }, GROUP);
    all.push(...rows);
    if (rows.length < GROUP) return all;
  }
}

function countTypes(rows: readonly RawEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of rows) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

async function checkTotals(
  db: Db,
  kept: ReadonlyMap<number, Readonly<Record<string, number>>>,
  differs: (off: number, finding: string) => void,
): Promise<void> {
  const counters = await db.query<Record<string, number>>(
    `select subject_id as id, sum(views)::int8 as view, sum(true_views)::int8 as true_view, sum(clicks)::int8 as click
     from counters_total where subject_kind = 1 and subject_id = any($1::int8[]) group by 1`,
    [[...kept.keys()]],
  );
  for (const [id, counts] of kept) {
    const counted = counters.find((row) => row.id === id);
    for (const type of TYPES) {
      const [rows, number] = [counts[type] ?? 0, counted?.[type] ?? 0];
      if (rows !== number)
        differs(
          Math.abs(rows - number),
          `campaign ${id}: ${number} ${type} counted, ${rows} in the raw store`,
        );
    }
  }
}
