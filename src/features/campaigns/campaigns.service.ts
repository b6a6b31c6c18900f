import { isUniqueViolation } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import { AppError, type FieldError, invalid } from '../../kit/errors.ts';
import { parseInstant } from '../collecting/index.ts';
import type { CampaignCache } from './campaign-cache.ts';
import {
  type CampaignRow,
  deleteCampaign,
  findCampaigns,
  insertCampaign,
  updateCampaign,
} from './campaigns.queries.ts';
import type { Campaign, CampaignBody, CampaignPatchBody } from './campaigns.schemas.ts';

export function toCampaign(row: CampaignRow): Campaign {
  return {
    id: row.id,
    owner_id: row.owner_id,
    title: row.title,
    content: row.content,
    landing_url: row.landing_url,
    start_date: row.starts_at.toISOString(),
    end_date: row.ends_at.toISOString(),
    views: row.views,
    clicks: row.clicks,
    is_visible: row.is_visible,
    is_deleted: row.is_deleted,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export async function createCampaign(db: Db, ownerId: number, body: CampaignBody): Promise<CampaignRow> {
  const { startsAt, endsAt, landingUrl } = parseFields(body);
  const campaign = {
    title: body.title,
    content: body.content,
    landingUrl: landingUrl ?? undefined,
    startsAt: startsAt!,
    endsAt: endsAt!,
    isVisible: body.is_visible ?? true,
  };
  const id = await refuseTheSame(() => insertCampaign(db, ownerId, campaign));
  return getCampaign(db, id);
}

export async function patchCampaign(
  db: Db,
  cache: CampaignCache,
  row: CampaignRow,
  body: CampaignPatchBody,
): Promise<CampaignRow> {
  const { startsAt, endsAt, landingUrl } = parseFields(body, row);
  const patch = {
    title: body.title,
    content: body.content,
    startsAt,
    endsAt,
    landingUrl,
    isVisible: body.is_visible,
  };
  if (!(await refuseTheSame(() => updateCampaign(db, row.id, patch)))) throw unknownCampaign(row.id);
  cache.forget(row.id);
  return getCampaign(db, row.id);
}

export async function removeCampaign(db: Db, cache: CampaignCache, id: number): Promise<void> {
  if (!(await deleteCampaign(db, id))) throw unknownCampaign(id);
  cache.forget(id);
}

/** A campaign that is not deleted, or 404. */
export async function getCampaign(db: Db, id: number): Promise<CampaignRow> {
  const [row] = await findCampaigns(db, [id]);
  if (!row || row.is_deleted) throw unknownCampaign(id);
  return row;
}

export function unknownCampaign(id: number): AppError {
  return new AppError('not_found', `There is no live campaign ${id}; nothing was recorded.`);
}

async function refuseTheSame<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error, 'campaigns_same')) throw error;
    throw new AppError(
      'already_exists',
      'You have this campaign already: same title, content and dates. Change one of them, or edit that campaign.',
      { cause: error },
    );
  }
}

interface Fields {
  readonly startsAt: Date | undefined;
  readonly endsAt: Date | undefined;
  readonly landingUrl: string | null | undefined;
}

function parseFields(body: CampaignPatchBody, before?: CampaignRow): Fields {
  const errors: FieldError[] = [];
  const instant = (path: 'start_date' | 'end_date') => {
    const parsed = parseInstant(body[path]);
    if (typeof parsed === 'string') errors.push({ path, message: parsed });
    else if (parsed.value !== undefined) return new Date(parsed.value);
    return undefined;
  };
  for (const path of ['title', 'content'] as const) {
    const text = body[path];
    if (text !== undefined && (text.includes('\u0000') || !text.isWellFormed()))
      errors.push({ path, message: 'must be valid Unicode without NUL' });
    else if (text?.trim() === '') errors.push({ path, message: 'must not be empty' });
  }
  const startsAt = instant('start_date');
  const endsAt = instant('end_date');
  const [start, end] = [startsAt ?? before?.starts_at, endsAt ?? before?.ends_at];
  if (errors.length === 0 && start && end && end <= start)
    errors.push({ path: 'end_date', message: 'must be later than start_date' });
  if (body.landing_url && !isHttps(body.landing_url))
    errors.push({ path: 'landing_url', message: 'must be an https URL' });
  if (errors.length > 0) throw invalid(errors);
  return { startsAt, endsAt, landingUrl: body.landing_url };
}

function isHttps(text: string): boolean {
  return (
    /^https:\/\/[^\s]+$/.test(text) &&
    text.isWellFormed() &&
    URL.canParse(text) &&
    new URL(text).protocol === 'https:' &&
    !new URL(text).username
  );
}
