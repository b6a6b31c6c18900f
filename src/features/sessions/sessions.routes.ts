import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type CookieNames, requireCsrf } from '../../http/authenticate.ts';
import { Detail } from '../../http/field-types.ts';
import { requireViewer } from '../../http/policy.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Members } from '../members/index.ts';
import { ACCESS_LIFETIME_MS } from './access-tokens.ts';
import {
  Credentials,
  LogoutBody,
  NamedTokenPair,
  RefreshBody,
  TokenPair,
  VerifyBody,
} from './sessions.schemas.ts';
import type { Sessions, Tokens } from './sessions.service.ts';
import { createSignIn, type SignIn } from './sign-in.ts';

interface SessionRoutesDeps {
  readonly members: Members;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly cookies: CookieNames;
  /** PUBLIC_URL is https. */
  readonly secure: boolean;
  /** False only by RATE_LIMITS=off. */
  readonly rateLimits: boolean;
}

const TAGS = ['sessions'];
const REFRESH_IDLE_S = 7 * 86_400;
// Nobody yet: whatever cookies the browser still holds must not stand in the way of signing in.
const NOBODY = { policy: 'anyone', credentials: 'ignored' } as const;

export function registerSessionRoutes(app: FastifyInstance, deps: SessionRoutesDeps): void {
  const signIn = createSignIn(deps);
  registerLogin(app, deps, signIn);
  registerLogout(app, deps);
  registerRenew(app, deps);
  registerTokens(app, deps, signIn);
}

function registerLogin(parent: FastifyInstance, deps: SessionRoutesDeps, signIn: SignIn): void {
  parent.withTypeProvider<TypeBoxTypeProvider>().post(
    '/api/users/login',
    {
      config: NOBODY,
      schema: { summary: 'Sign in', tags: TAGS, body: Credentials, response: { 200: TokenPair } },
    },
    async (request, reply) => {
      const attempt = { ...request.body, address: request.clientAddress, byCookie: true };
      const { tokens } = await signIn(attempt);
      setCookies(reply, deps, tokens);
      return { access: tokens.access, refresh: tokens.refresh };
    },
  );
}

function registerLogout(parent: FastifyInstance, deps: SessionRoutesDeps): void {
  const { sessions, cookies } = deps;
  parent.withTypeProvider<TypeBoxTypeProvider>().post(
    '/api/users/logout',
    {
      config: { policy: 'signed-in' },
      schema: { summary: 'Sign out', tags: TAGS, body: LogoutBody, response: { 200: Detail } },
    },
    async (request, reply) => {
      const { viewer } = request;
      requireViewer(viewer);
      await sessions.revoke(viewer.sessionId);
      const token = request.body?.refresh ?? cookiesOf(request)[cookies.refresh];
      const other = token && (await sessions.findByRefresh(token));
      if (other && other.memberId === viewer.memberId) await sessions.revoke(other.sessionId);
      clearCookies(reply, deps);
      return { detail: 'Logout OK' };
    },
  );
}

/** What `/token/refresh` does for header clients: it takes the token from the cookie, so it needs the CSRF token too. */
function registerRenew(parent: FastifyInstance, deps: SessionRoutesDeps): void {
  const { sessions, cookies } = deps;
  parent.withTypeProvider<TypeBoxTypeProvider>().post(
    '/api/users/renew',
    {
      config: NOBODY,
      schema: { summary: 'Renew a sign-in by cookie', tags: TAGS, response: { 200: Detail } },
    },
    async (request, reply) => {
      const jar = cookiesOf(request);
      const token = jar[cookies.refresh];
      if (!token) throw new AppError('not_signed_in', 'There is no refresh cookie: sign in again.');
      const found = await sessions.findByRefresh(token);
      // A used token goes on to `refresh`, which knows what its reuse means; it renews nothing.
      if (found) requireCsrf(request, jar[cookies.csrf], found.sessionId, sessions.verifyCsrf);
      setCookies(reply, deps, await sessions.refresh(token));
      return { detail: 'Renewed' };
    },
  );
}

function registerTokens(parent: FastifyInstance, deps: SessionRoutesDeps, signIn: SignIn): void {
  const app = parent.withTypeProvider<TypeBoxTypeProvider>();
  const { sessions } = deps;
  app.post(
    '/api/token/pair',
    {
      config: NOBODY,
      schema: {
        summary: 'Sign in, for header clients',
        tags: TAGS,
        body: Credentials,
        response: { 200: NamedTokenPair },
      },
    },
    async (request) => {
      const attempt = { ...request.body, address: request.clientAddress, byCookie: false };
      const { member, tokens } = await signIn(attempt);
      return { username: member.username, access: tokens.access, refresh: tokens.refresh };
    },
  );
  app.post(
    '/api/token/refresh',
    {
      config: NOBODY,
      schema: {
        summary: 'Trade a refresh token',
        tags: TAGS,
        body: RefreshBody,
        response: { 200: TokenPair },
      },
    },
    async (request, reply) => {
      const tokens = await sessions.refresh(request.body.refresh);
      // A browser that signed in by cookie goes on by cookie after a reload.
      if (tokens.byCookie) setCookies(reply, deps, tokens);
      return { access: tokens.access, refresh: tokens.refresh };
    },
  );
  app.post(
    '/api/token/verify',
    {
      config: NOBODY,
      schema: {
        summary: 'Whether a token holds',
        tags: TAGS,
        body: VerifyBody,
        response: { 200: Type.Object({}) },
      },
    },
    async (request) => {
      const { token } = request.body;
      // Refresh tokens are opaque; only access tokens have dots.
      if (!token.includes('.') && (await sessions.findByRefresh(token))) return {};
      sessions.verifyAccess(token);
      return {};
    },
  );
}

function cookiesOf(request: FastifyRequest): Record<string, string | undefined> {
  return parseCookie(request.headers.cookie ?? '');
}

function setCookies(reply: FastifyReply, deps: SessionRoutesDeps, tokens: Tokens): void {
  const { cookies } = deps;
  reply
    .header('x-csrftoken', tokens.csrf)
    .header('set-cookie', [
      toCookie(cookies.access, tokens.access, ACCESS_LIFETIME_MS / 1000, true, deps.secure),
      toCookie(cookies.refresh, tokens.refresh, REFRESH_IDLE_S, true, deps.secure),
      toCookie(cookies.csrf, tokens.csrf, REFRESH_IDLE_S, false, deps.secure),
    ]);
}

function clearCookies(reply: FastifyReply, { cookies, secure }: SessionRoutesDeps): void {
  reply.header(
    'set-cookie',
    [cookies.access, cookies.refresh, cookies.csrf].map((name) =>
      toCookie(name, '', 0, name !== cookies.csrf, secure),
    ),
  );
}

function toCookie(name: string, value: string, maxAge: number, httpOnly: boolean, secure: boolean): string {
  return stringifySetCookie({ name, value, maxAge, httpOnly, secure, path: '/', sameSite: 'lax' });
}
