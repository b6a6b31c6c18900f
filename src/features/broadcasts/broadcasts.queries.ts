import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';

export interface BroadcastRow {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  readonly path: string;
  readonly is_advertising: boolean;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export interface NewBroadcast {
  readonly title: string;
  readonly body: string;
  readonly path: string;
  readonly isAdvertising: boolean;
}

const COLUMNS = 'id, title, body, path, is_advertising, created_at, finished_at';

/** With the job that sends it out, in one transaction. */
export function insertBroadcast(tx: Db, authorId: number, broadcast: NewBroadcast): Promise<BroadcastRow> {
  return tx.transaction(async (inner) => {
    const [row] = await inner.query<BroadcastRow>(
      `insert into broadcasts (author_id, title, body, path, is_advertising) values ($1, $2, $3, $4, $5)
       returning ${COLUMNS}`,
      [authorId, broadcast.title, broadcast.body, broadcast.path, broadcast.isAdvertising],
    );
    await enqueue(inner, [{ kind: 'send-broadcast', payload: { broadcast_id: row!.id } }]);
    return row!;
  });
}

export async function findBroadcast(db: Db, id: number): Promise<BroadcastRow | undefined> {
  const [row] = await db.query<BroadcastRow>(
    `select ${COLUMNS} from broadcasts where id = $1`,
    [id],
    'find_broadcast',
  );
  return row;
}

export function listBroadcasts(db: Db, before: number | undefined, limit: number): Promise<BroadcastRow[]> {
  return db.query<BroadcastRow>(`select ${COLUMNS} from broadcasts where id < $1 order by id desc limit $2`, [
    before ?? Number.MAX_SAFE_INTEGER,
    limit,
  ]);
}

/**
 * The jobs of the next members' devices, with how far that is, in one transaction: whoever goes on after a crash leaves out
 * and doubles none. Advertising is only for those who consent. Returns false once all have theirs.
 */
export function planBroadcast(db: Db, id: number, members: number): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [place] = await tx.query<{ sent_to: number; is_advertising: boolean }>(
      'select sent_to, is_advertising from broadcasts where id = $1 and finished_at is null for update',
      [id],
    );
    if (!place) return false;
    const [chunk] = await tx.query<{ last: number | null }>(
      `with next_members as (
         select m.id from members m left join notification_preferences p on p.member_id = m.id
         where m.id > $1 and m.deleted_at is null and (not $2 or p.ads_since is not null)
           and exists (select 1 from devices d where d.member_id = m.id)
         order by m.id limit $3
       ), written as (
         insert into jobs (kind, payload)
         select 'push-broadcast', jsonb_build_object('broadcast_id', $4::bigint, 'member_id', d.member_id, 'device_id', d.id)
         from next_members n join devices d on d.member_id = n.id
       )
       select max(id) as last from next_members`,
      [place.sent_to, place.is_advertising, members, id],
    );
    const last = chunk?.last ?? undefined;
    await tx.query(
      `update broadcasts set sent_to = coalesce($2, sent_to), finished_at = case when $2::bigint is null then now() end
       where id = $1`,
      [id, last ?? null],
    );
    return last !== undefined;
  });
}

export interface ConsentRow {
  readonly ads: boolean;
  readonly ads_night: boolean;
  readonly language: 'ko' | 'en';
}

export async function findConsent(db: Db, memberId: number): Promise<ConsentRow> {
  const [row] = await db.query<ConsentRow>(
    `select ads_since is not null as ads, ads_night_since is not null as ads_night, language
     from notification_preferences where member_id = $1`,
    [memberId],
    'find_consent',
  );
  return row ?? { ads: false, ads_night: false, language: 'ko' };
}
