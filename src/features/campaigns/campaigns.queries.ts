import type { Db } from '../../db/pool.ts';

/** A campaign as the database holds it, with its valid totals. */
export interface CampaignRow {
  readonly id: number;
  readonly owner_id: number;
  readonly title: string;
  readonly content: string;
  readonly landing_url: string | null;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly is_visible: boolean;
  readonly is_deleted: boolean;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly views: number;
  readonly clicks: number;
}

const SELECT = `
select c.*, coalesce(t.views, 0) as views, coalesce(t.clicks, 0) as clicks
from campaigns c left join counters_total t on t.subject_kind = 1 and t.subject_id = c.id and t.traffic = 0`;

export interface NewCampaign {
  readonly title: string;
  readonly content: string;
  readonly landingUrl: string | undefined;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly isVisible: boolean;
}

export async function insertCampaign(db: Db, ownerId: number, campaign: NewCampaign): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    `insert into campaigns (owner_id, title, content, landing_url, starts_at, ends_at, is_visible)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [
      ownerId,
      campaign.title,
      campaign.content,
      campaign.landingUrl ?? null,
      campaign.startsAt,
      campaign.endsAt,
      campaign.isVisible,
    ],
  );
  return row!.id;
}

export function findCampaigns(db: Db, ids: readonly number[]): Promise<CampaignRow[]> {
  return db.query<CampaignRow>(`${SELECT} where c.id = any($1::bigint[])`, [ids], 'find_campaigns');
}

export interface CampaignPatch {
  readonly title?: string | undefined;
  readonly content?: string | undefined;
  readonly landingUrl?: string | null | undefined;
  readonly startsAt?: Date | undefined;
  readonly endsAt?: Date | undefined;
  readonly isVisible?: boolean | undefined;
}

/** Returns whether a row was there to change. Absent fields stay. */
export async function updateCampaign(db: Db, id: number, patch: CampaignPatch): Promise<boolean> {
  const rows = await db.query(
    `update campaigns set title = coalesce($2, title), content = coalesce($3, content),
       landing_url = case when $4::boolean then $5 else landing_url end,
       starts_at = coalesce($6, starts_at), ends_at = coalesce($7, ends_at), is_visible = coalesce($8, is_visible),
       version = version + 1, updated_at = now()
     where id = $1 and not is_deleted returning id`,
    [
      id,
      patch.title ?? null,
      patch.content ?? null,
      patch.landingUrl !== undefined,
      patch.landingUrl ?? null,
      patch.startsAt ?? null,
      patch.endsAt ?? null,
      patch.isVisible ?? null,
    ],
  );
  return rows.length > 0;
}

export async function deleteCampaign(db: Db, id: number): Promise<boolean> {
  const rows = await db.query(
    'update campaigns set is_deleted = true, version = version + 1, updated_at = now() where id = $1 and not is_deleted returning id',
    [id],
  );
  return rows.length > 0;
}

export interface CampaignFilter {
  /** Only live ones; false for staff, who see all. */
  readonly liveAt: Date | undefined;
  readonly text: string | undefined;
  readonly ownerId: number | undefined;
  /** Only older than this id; with `after`, only newer, the nearest first. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly limit: number;
}

/** By id, newest first (ids grow with creation); with `after` oldest first, so that the next page up leaves no gap. */
export function listCampaigns(db: Db, filter: CampaignFilter): Promise<CampaignRow[]> {
  return db.query<CampaignRow>(
    `${SELECT}
     where ($1::timestamptz is null or (not c.is_deleted and c.is_visible and c.starts_at <= $1 and c.ends_at > $1))
       and ($2::text is null or c.title ilike '%' || $2 || '%')
       and ($3::bigint is null or c.owner_id = $3)
       and ($4::bigint is null or c.id < $4) and ($5::bigint is null or c.id > $5)
     order by c.id ${filter.after === undefined ? 'desc' : 'asc'} limit $6`,
    [
      filter.liveAt ?? null,
      filter.text?.replaceAll(/[\\%_]/g, '\\$&') ?? null,
      filter.ownerId ?? null,
      filter.before ?? null,
      filter.after ?? null,
      filter.limit,
    ],
  );
}

/** The campaign of an import: one for each title of an owner, its dates widened to hold what the log tells. */
export function findOrInsertImported(
  db: Db,
  ownerId: number,
  title: string,
  from: Date,
  to: Date,
): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(7366003)');
    const [found] = await tx.query<{ id: number }>(
      `update campaigns set starts_at = least(starts_at, $3), ends_at = greatest(ends_at, $4)
       where owner_id = $1 and title = $2 and content = 'import' and not is_deleted returning id`,
      [ownerId, title, from, to],
    );
    if (found) return found.id;
    return insertCampaign(tx, ownerId, {
      title,
      content: 'import',
      landingUrl: undefined,
      startsAt: from,
      endsAt: to,
      isVisible: true,
    });
  });
}
