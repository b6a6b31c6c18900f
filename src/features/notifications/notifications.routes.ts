import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { openEventStream } from '../../http/event-stream.ts';
import { IdParams } from '../../http/field-types.ts';
import { KEYSET_LIMIT, toKeysetLink } from '../../http/paging.ts';
import { memberOf } from '../../http/policy.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import type { NotificationHistory } from '../../ports/notification-history.ts';
import type { NotificationStream } from './notification-stream.ts';
import {
  countUnread,
  findPlace,
  listGroups,
  listNotifications,
  markAllRead,
  markRead,
  type NotificationRow,
  showNotifications,
} from './notifications.queries.ts';
import {
  GroupQuery,
  ListQuery,
  Notification,
  NotificationGroup,
  ReadAll,
  UnreadCount,
} from './notifications.schemas.ts';
import {
  findPreferences,
  listMutedPosts,
  mutePost,
  savePreferences,
  unmutePost,
} from './preferences.queries.ts';
import { Preferences, PreferencesBody, toPreferences, toPreferencesRow } from './preferences.ts';
import { toGroup, toNotification } from './present.ts';

/** A client that reads no more is let go: it resumes where it was. */
const MOST_UNSENT_BYTES = 1_000_000;

export interface NotificationDeps {
  readonly db: Db;
  readonly stream: NotificationStream;
  /** Of what left the inbox; undefined where none is kept. */
  readonly history: NotificationHistory | undefined;
  /** Whether the request's credentials still hold: a stream outlives what was true when it began. */
  readonly isSignedIn: (request: FastifyRequest) => boolean;
}

const tags = ['Notifications'];
const config = { policy: 'signed-in' } as const;

export function registerNotificationRoutes(app: FastifyInstance, deps: NotificationDeps): void {
  registerInbox(app, deps);
  registerReading(app, deps);
  registerPreferences(app, deps);
}

function registerInbox(app: FastifyInstance, deps: NotificationDeps): void {
  const { db } = deps;
  app.get(
    '/api/notifications',
    {
      config,
      schema: {
        summary: 'Own inbox, newest first',
        tags,
        querystring: ListQuery,
        response: { 200: Type.Array(Notification) },
      },
    },
    (request, reply) => getList(deps, request, reply),
  );
  app.get(
    '/api/notifications/grouped',
    {
      config,
      schema: {
        summary: 'The inbox with one line for each post and kind',
        tags,
        querystring: GroupQuery,
        response: { 200: Type.Array(NotificationGroup) },
      },
    },
    async (request, reply) => {
      const memberId = memberOf(request);
      const { before } = request.query as { before?: number };
      const rows = await listGroups(db, memberId, before, KEYSET_LIMIT);
      const last = rows.at(-1);
      if (last && rows.length === KEYSET_LIMIT)
        reply.header('link', `</api/notifications/grouped?before=${last.last_place}>; rel="next"`);
      const { language } = await findPreferences(db, memberId);
      return rows.map((row) => toGroup(row, language));
    },
  );
  app.get(
    '/api/notifications/unread_count',
    { config, schema: { summary: 'How many are unread', tags, response: { 200: UnreadCount } } },
    async (request) => ({ count: await countUnread(db, memberOf(request)) }),
  );
  app.get(
    '/api/notifications/stream',
    { config, schema: { summary: 'New ones as they come (SSE); resumes by Last-Event-ID', tags } },
    (request, reply) => streamInbox(deps, request, reply),
  );
}

function registerReading(app: FastifyInstance, { db }: NotificationDeps): void {
  app.post(
    '/api/notifications/:id/read',
    { config, schema: { summary: 'Read one', tags, params: IdParams, response: { 200: Notification } } },
    async (request) => {
      const memberId = memberOf(request);
      const { id } = request.params as { id: number };
      const row = await markRead(db, memberId, id);
      if (!row) throw new AppError('not_found', `You have no notification ${id}.`);
      const { language } = await findPreferences(db, memberId);
      const [shown] = await showNotifications(db, [row]);
      return toNotification(shown!, language);
    },
  );
  app.post(
    '/api/notifications/read_all',
    { config, schema: { summary: 'Read all', tags, response: { 200: ReadAll } } },
    async (request) => ({ read: await markAllRead(db, memberOf(request)) }),
  );
}

function registerPreferences(app: FastifyInstance, { db }: NotificationDeps): void {
  const read = async (memberId: number) =>
    toPreferences(await findPreferences(db, memberId), await listMutedPosts(db, memberId));
  app.get(
    '/api/notifications/preferences',
    { config, schema: { summary: 'Own preferences', tags, response: { 200: Preferences } } },
    (request) => read(memberOf(request)),
  );
  app.put(
    '/api/notifications/preferences',
    {
      config,
      schema: {
        summary: 'Replace own preferences',
        tags,
        body: PreferencesBody,
        response: { 200: Preferences },
      },
    },
    async (request) => {
      const memberId = memberOf(request);
      await savePreferences(db, memberId, toPreferencesRow(request.body as PreferencesBody));
      return read(memberId);
    },
  );
  app.put(
    '/api/notifications/muted_posts/:id',
    {
      config,
      schema: { summary: 'Hear no more of a post', tags, params: IdParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { id } = request.params as { id: number };
      if (!(await mutePost(db, memberOf(request), id)))
        throw new AppError('not_found', `There is no post ${id}.`);
      return reply.code(204).send(null);
    },
  );
  app.delete(
    '/api/notifications/muted_posts/:id',
    {
      config,
      schema: { summary: 'Hear of it again', tags, params: IdParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await unmutePost(db, memberOf(request), (request.params as { id: number }).id);
      return reply.code(204).send(null);
    },
  );
}

async function getList({ db, history }: NotificationDeps, request: FastifyRequest, reply: FastifyReply) {
  const memberId = memberOf(request);
  const query = request.query as { last_id?: number; first_id?: number; unread: boolean };
  const place = async (id: number | undefined) => {
    if (id === undefined) return undefined;
    const found = (await findPlace(db, memberId, id)) ?? (await history?.findPlace(memberId, id));
    if (found === undefined) throw new AppError('not_found', `You have no notification ${id}.`);
    return found;
  };
  const before = await place(query.last_id);
  const after = await place(query.first_id);
  const { unread } = query;
  const recent = await listNotifications(db, { memberId, before, after, unread, limit: KEYSET_LIMIT });
  // What left the inbox is read, or will not be.
  const goesOn = history && after === undefined && !unread && recent.length < KEYSET_LIMIT;
  const past = goesOn ? await readPast(history, memberId, recent.at(-1)?.place ?? before, reply) : [];
  const rows = [...recent, ...past].slice(0, KEYSET_LIMIT);
  const link = toKeysetLink(
    request.url,
    query,
    rows.map((row) => row.id),
  );
  if (link) reply.header('link', link);
  const { language } = await findPreferences(db, memberId);
  return (await showNotifications(db, rows)).map((row) => toNotification(row, language));
}

/** Where the history does not answer, what is recent is shown, and the answer says so. */
async function readPast(
  history: NotificationHistory,
  memberId: number,
  before: number | undefined,
  reply: FastifyReply,
): Promise<NotificationRow[]> {
  try {
    const rows = await history.list(memberId, before ?? Number.MAX_SAFE_INTEGER, KEYSET_LIMIT);
    return rows as NotificationRow[];
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    reply.header('weir-history', 'unavailable');
    return [];
  }
}

/** A new stream begins now; one that is resumed begins behind the id that it names. */
async function streamInbox(
  { db, stream, isSignedIn }: NotificationDeps,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const memberId = memberOf(request);
  const { language } = await findPreferences(db, memberId);
  const place = await findStart(db, memberId, request.headers['last-event-id']);
  const response = openEventStream(reply, () => isSignedIn(request));
  if (!response) return;
  response.write(': open\n\n');
  const stop = stream.listen(memberId, {
    place,
    tell: (rows, unread) => {
      if (response.writableLength > MOST_UNSENT_BYTES) return void response.destroy();
      for (const row of rows) {
        const data = JSON.stringify({ ...toNotification(row, language), unread });
        response.write(`id: ${row.id}\nevent: notification\ndata: ${data}\n\n`);
      }
    },
    end: () => response.end(),
  });
  response.on('close', stop);
}

async function findStart(db: Db, memberId: number, header: string | string[] | undefined): Promise<number> {
  const id = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
  const found = id === undefined ? undefined : await findPlace(db, memberId, id);
  if (found !== undefined) return found;
  const [latest] = await listNotifications(db, { memberId, unread: false, limit: 1 });
  return latest?.place ?? 0;
}
