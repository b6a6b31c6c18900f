/** What staff looks after: jobs, reports, words, the audit log, messages to all. One function a route. */
import type { Got, Query, Sent } from '../api.ts';
import type { paths } from '../openapi.d.ts';
import { request } from '../request.ts';

export type Jobs = Got<'/api/jobs'>;
export type ParkedJob = Jobs['parked'][number];
export type Reported = Got<'/api/moderation/queue'>[number];
export type Word = Got<'/api/moderation/words'>[number];
export type NewWord = Sent<paths['/api/moderation/words']['post']>;
export type AuditEntry = Got<'/api/audit'>[number];
export type AuditQuery = Query<'/api/audit'>;
export type AuditCheck = Got<'/api/audit/check'>;
export type Broadcast = Got<'/api/broadcasts'>[number];
export type NewBroadcast = Sent<paths['/api/broadcasts']['post']>;
export type Act = 'hide' | 'restore' | 'dismiss';

export const getJobs = (afterId: number, signal?: AbortSignal) =>
  request<Jobs>('GET', '/jobs', { query: afterId ? { after_id: afterId } : {}, signal });
export const retryJob = (id: number) => request<unknown>('POST', `/jobs/${id}/retry`);
export const discardJob = (id: number) => request<void>('DELETE', `/jobs/${id}`);

export const listQueue = (signal?: AbortSignal) =>
  request<Reported[]>('GET', '/moderation/queue', { signal });
export const decide = ({ kind, id }: Pick<Reported, 'kind' | 'id'>, act: Act, note: string) =>
  request<unknown>('POST', `/moderation/${kind}/${id}/${act}`, { body: note ? { note } : {} });
export const banMember = (id: number, body: Sent<paths['/api/moderation/members/{id}/ban']['post']>) =>
  request<unknown>('POST', `/moderation/members/${id}/ban`, { body });

export const listWords = (signal?: AbortSignal) => request<Word[]>('GET', '/moderation/words', { signal });
export const saveWord = (body: NewWord) => request<Word>('POST', '/moderation/words', { body });
export const deleteWord = (id: number) => request<void>('DELETE', `/moderation/words/${id}`);

export const listAudit = (query: AuditQuery, signal?: AbortSignal) =>
  request<AuditEntry[]>('GET', '/audit', { query, signal });
export const checkAudit = () => request<AuditCheck>('GET', '/audit/check');

export const listBroadcasts = (lastId: number, signal?: AbortSignal) =>
  request<Broadcast[]>('GET', '/broadcasts', { query: lastId ? { last_id: lastId } : {}, signal });
export const sendBroadcast = (body: NewBroadcast, key: string) =>
  request<Broadcast>('POST', '/broadcasts', { body, headers: { 'idempotency-key': key } });
