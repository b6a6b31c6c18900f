import { isDataError } from '../../db/pg-errors.ts';
import { EVENT_TYPE_NAMES, type Event, SUBJECT_KIND_NAMES } from '../../events/event.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import { copyGroup } from './copy-group.ts';
import { encodeCopy } from './copy-rows.ts';
import { encodeGroup, INSERT_GROUP } from './event-rows.ts';
import type { GroupStatements } from './group-writer.ts';
import type { PostgresSession } from './lane-session.ts';
import type { OpenLane } from './log-lane.ts';

/** Groups that are inserted after one in which an id was there before: copies come in swarms, of clients that try again. */
const INSERTS_AFTER_COPY = 16;
const DUPLICATE: AppendOutcome = { status: 'duplicate' };

/**
 * How a group is kept: by COPY, since nearly always every id is new. It fails whole on the first id that is there
 * already or value that is refused; then, and for the groups behind it, INSERT tells which ones they are.
 */
export function createGroupStatements(): (open: OpenLane<PostgresSession>) => GroupStatements<Event> {
  let inserts = 0;

  return ({ session: { client }, lane }) => ({
    insert: async (events, takeSeqs) => {
      if (inserts === 0) {
        try {
          await copyGroup(client, encodeCopy(events, takeSeqs(), lane));
          return [];
        } catch (error) {
          if (!isDataError(error)) throw error;
          inserts = INSERTS_AFTER_COPY;
        }
      }
      inserts = Math.max(0, inserts - 1);
      const firstSeq = takeSeqs();
      const values = encodeGroup(events, firstSeq, lane);
      const { rows } = await client.query<{ seq: number }>({
        name: 'insert_group',
        text: INSERT_GROUP,
        values,
      });
      return rows.map((row) => row.seq - firstSeq);
    },
    compareCopies: (events) => compareCopies(client, events),
  });
}

interface CopyRow {
  readonly event_id: string;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly type: number;
}

const COMPARE_COPIES = `select event_id, subject_kind, subject_id, type from event_log
  where (event_id, day) in (select * from unnest($1::uuid[], $2::int4[]))`;

/** On the writer's own connection: a full pool must not turn the answer to a kept group into "nothing was kept". */
async function compareCopies(
  client: PostgresSession['client'],
  events: readonly Event[],
): Promise<AppendOutcome[]> {
  const values = [events.map((event) => event.id), events.map((event) => event.day)];
  const { rows } = await client.query<CopyRow>({ name: 'compare_copies', text: COMPARE_COPIES, values });
  const first = new Map(rows.map((row) => [row.event_id, row]));
  return events.map((event) => {
    const row = first.get(event.id);
    const kind = row && SUBJECT_KIND_NAMES.get(row.subject_kind);
    const type = row && EVENT_TYPE_NAMES.get(row.type);
    if (!row || !kind || !type) return DUPLICATE;
    const same = kind === event.subject.kind && row.subject_id === event.subject.id && type === event.type;
    return same ? DUPLICATE : { status: 'reused', subject: { kind, id: row.subject_id }, type };
  });
}
