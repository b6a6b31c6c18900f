import type { Db } from '../../src/db/pool.ts';
import type { Identity, Role } from '../../src/http/authenticate.ts';
import { createServer } from '../../src/http/server.ts';
import { AppError } from '../../src/kit/errors.ts';
import { actorNumber } from './builders.ts';
import { testLog } from './database.ts';

/** A server whose callers are named by `Bearer <member id>`: sign-in has tests of its own. */
export function createMemberApp(rolesOf: (memberId: number) => readonly Role[] = () => ['member']) {
  const verifyAccess = (token: string): Identity => {
    const memberId = Number(token);
    if (!Number.isInteger(memberId)) throw new AppError('not_signed_in', 'no member');
    return { memberId, actorId: actorNumber(memberId), roles: rolesOf(memberId), sessionId: '' };
  };
  const authenticate = {
    verifyAccess,
    verifyCsrf: () => true,
    cookies: { access: 'access', refresh: 'refresh', csrf: 'csrftoken' },
    origins: new Set<string>(),
  };
  return createServer({ log: testLog, authenticate, trustedProxies: [] });
}

type App = ReturnType<typeof createMemberApp>;
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

/** Calls as a member; undefined is nobody. Bodies are read as JSON. */
export function createCaller(app: App) {
  return async (
    member: number | undefined,
    method: Method,
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ) => {
    const signed = member === undefined ? {} : { authorization: `Bearer ${member}` };
    const answer = await app.inject({
      method,
      url,
      headers: { ...signed, ...headers },
      ...(payload && { payload }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      // biome-ignore lint/suspicious/noExplicitAny: a test says itself what shape it expects.
      body: (answer.body === '' ? undefined : JSON.parse(answer.body)) as any,
    };
  };
}

/** Members that can be named by number; nobody can sign in as them. */
export async function insertMembers(db: Db, names: readonly string[]): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `insert into members (username, password_hash, display_name)
     select lower(name) || '@example.com', 'none', name from unnest($1::text[]) with ordinality as t(name, at)
     order by at returning id`,
    [names],
  );
  return rows.map((row) => row.id);
}
