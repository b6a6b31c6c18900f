/** The server's routes as this console uses them, one function a route; every type is the OpenAPI document's. */
import { queryOptions } from '@tanstack/react-query';
import type { paths } from './openapi.d.ts';
import { findLink, open, request, toSearch } from './request.ts';

type Json<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : never;
export type Got<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: infer Answer } } }
  ? Json<Answer>
  : never;
export type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;
export type Sent<Act> = Act extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never;

export type Me = Got<'/api/users/me'>;
export type Role = Me['roles'][number];

export type Campaign = Got<'/api/campaigns'>[number];
export type NewCampaign = Sent<paths['/api/campaigns']['post']>;
export type CampaignPatch = Sent<paths['/api/campaigns/{id}']['patch']>;

/** `complete_through` is null before the pipeline has read anything. */
export type Stats = Got<'/api/campaigns/{id}/stats'>;
export type Figures = Stats['totals'];
export type Interval = Stats['interval'];
export type Traffic = Stats['traffic'];
export type StatsRequest = Required<Query<'/api/campaigns/{id}/stats'>>;
/** Valid traffic since the start; uniques are left to the statistics. */
export type Live = paths['/api/campaigns/{id}/live']['get']['responses'][200]['content']['text/event-stream'];
export type LeaderRow = Got<'/api/campaigns/stats'>[number];

export type RawEvent = Got<'/api/campaigns/{id}/events'>[number];
export type EventType = RawEvent['type'];
export type EventQuery = Query<'/api/campaigns/{id}/events'>;
export type ExportFormat = Exclude<EventQuery['format'], 'json' | undefined>;

export type Status = Got<'/api/status'>;
export type ImportStatus = Status['imports'][number];

export const getMe = (signal?: AbortSignal) => request<Me>('GET', '/users/me', { signal });
export const getStatus = (signal?: AbortSignal) => request<Status>('GET', '/status', { signal });

export type ListQuery = Query<'/api/campaigns'>;
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
export const patchCampaign = (id: number, body: CampaignPatch) =>
  request<Campaign>('PATCH', `/campaigns/${id}`, { body });
export const deleteCampaign = (id: number) => request<void>('DELETE', `/campaigns/${id}`);

export const getStats = (id: number, query: StatsRequest, signal?: AbortSignal) =>
  request<Stats>('GET', `/campaigns/${id}/stats`, { query, signal });
export const getLeaderboard = (query: Query<'/api/campaigns/stats'>, signal?: AbortSignal) =>
  request<LeaderRow[]>('GET', '/campaigns/stats', { query, signal });

export interface EventPage {
  events: RawEvent[];
  /** `after` of the next page; undefined on the last one */
  older: string | undefined;
}
export const listEvents = async (id: number, query: EventQuery, signal?: AbortSignal): Promise<EventPage> => {
  const response = await open('GET', `/campaigns/${id}/events`, { query, signal });
  const older = findLink(response, 'next')?.get('after') ?? undefined;
  return { events: (await response.json()) as RawEvent[], older };
};

/** Lets the browser save an export, which may be larger than memory. Renews the sign-in first: a link cannot. */
export const saveExport = async (id: number, query: EventQuery, format: ExportFormat): Promise<void> => {
  await getMe();
  const link = document.createElement('a');
  link.href = `/api/campaigns/${id}/events?${toSearch({ ...query, format })}`;
  link.download = `campaign-${id}.${format}`;
  link.click();
};

/** One message of the notification stream: the notification, and how many are unread with it. */
export type Notified = Got<'/api/notifications'>[number] & { unread: number };
export const unreadQuery = queryOptions({
  queryKey: ['unread'],
  queryFn: ({ signal }) =>
    request<Got<'/api/notifications/unread_count'>>('GET', '/notifications/unread_count', { signal }),
});
