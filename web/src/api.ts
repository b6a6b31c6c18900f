/** The server's routes as this console uses them: types by hand from the HTTP contract, one function a route. */
import { request } from './request.ts';

export type Role = 'member' | 'advertiser' | 'marketer' | 'admin';
export interface Me {
  id: number;
  username: string;
  display_name: string;
  roles: Role[];
}

export interface Campaign {
  id: number;
  title: string;
  content: string;
  views: number;
  clicks: number;
  start_date: string;
  end_date: string;
  is_deleted: boolean;
  is_visible: boolean;
  landing_url?: string | null;
}
export interface NewCampaign {
  title: string;
  content: string;
  start_date: string;
  end_date: string;
  landing_url?: string;
}

export type Interval = 'minute' | 'hour' | 'day';
export type Traffic = 'valid' | 'all' | 'invalid';
export interface Figures {
  views: number;
  true_views: number;
  clicks: number;
  /** clicks / views; null where there is no view */
  ctr: number | null;
  unique_viewers: number;
  unique_clickers: number;
  /** the relative error of a figure that is an estimate; absent where all are exact */
  estimates?: Record<string, { error: number }>;
}
export interface StatsRow extends Figures {
  /** RFC 3339 with the zone's offset */
  start: string;
  complete: boolean;
}
export interface Stats {
  campaign_id: number;
  from: string;
  to: string;
  interval: Interval;
  tz: string;
  traffic: Traffic;
  as_of: string;
  /** null before the pipeline has read anything */
  complete_through: string | null;
  totals: Figures;
  series: StatsRow[];
}
export interface StatsRequest {
  from: string;
  to: string;
  interval: Interval;
  tz: string;
  traffic: Traffic;
}
export interface Live {
  /** valid traffic since the start; uniques are left to the statistics */
  totals: Pick<Figures, 'views' | 'true_views' | 'clicks' | 'ctr'>;
  as_of: string;
  complete_through: string | null;
}

export interface ImportStatus {
  id: number;
  name: string;
  /** interrupted: says running, but has not moved for a while; the same command resumes it */
  state: 'running' | 'done' | 'failed' | 'interrupted';
  lines: number;
  bytes_read: number;
  bytes_total: number;
  /** lines a second */
  rate: number;
  eta_ms: number | null;
}
export interface Status {
  pipeline: { lag_events: number; complete_through: string | null; lag_ms: number };
  imports: ImportStatus[];
}

export const getMe = (signal?: AbortSignal) => request<Me>('GET', '/users/me', { signal });
export const getStatus = (signal?: AbortSignal) => request<Status>('GET', '/status', { signal });

export interface ListQuery {
  last_id?: number;
  /** part of the title */
  q?: string;
  /** own ones, also those that are not live */
  owner?: 'me';
}
export const CAMPAIGNS_A_PAGE = 10;
export const listCampaigns = (query: ListQuery, signal?: AbortSignal) =>
  request<Campaign[]>('GET', '/campaigns', { query, signal });

/**
 * Finds one campaign without touching it: GET /campaigns/{id} would record a view, so the list is asked for the
 * first one older than the next id.
 */
export const findCampaign = async (
  id: number,
  scope: ListQuery,
  signal?: AbortSignal,
): Promise<Campaign | null> => {
  const [first] = await listCampaigns({ ...scope, last_id: id + 1 }, signal);
  return first?.id === id ? first : null;
};

export const createCampaign = (body: NewCampaign) => request<Campaign>('POST', '/campaigns', { body });
export const getStats = (id: number, query: StatsRequest, signal?: AbortSignal) =>
  request<Stats>('GET', `/campaigns/${id}/stats`, { query, signal });
