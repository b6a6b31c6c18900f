import { parseCookie } from 'cookie';
import { AppError } from '../kit/errors.ts';

export const ROLES = ['member', 'advertiser', 'marketer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What an access token says, once verified. */
export interface Identity {
  readonly memberId: number;
  /** UUID, random a member: the actor of their events. */
  readonly actorId: string;
  readonly roles: readonly Role[];
  readonly sessionId: string;
}

/** The signed-in member of one request. */
export interface Viewer extends Identity {
  readonly via: 'cookie' | 'header';
}

/**
 * What a request signed in by cookie must show, since a browser sends cookies for strangers too.
 * - `token`: unsafe methods need `X-CSRFToken`, equal to the cookie and bound to the session.
 * - `origin` (collecting routes): from our own or a listed origin the cookie names the member, from elsewhere the
 *   caller is anonymous.
 * - `none`: nothing.
 */
export type CsrfRule = 'token' | 'origin' | 'none';

export interface CookieNames {
  readonly access: string;
  readonly refresh: string;
  readonly csrf: string;
}

export interface AuthenticateOptions {
  /** Throws `not_signed_in` for a token that is not valid now, `unavailable` where nobody can tell. */
  readonly verifyAccess: (token: string) => Identity;
  readonly verifyCsrf: (token: string, sessionId: string) => boolean;
  readonly cookies: CookieNames;
  /** Origins (`https://shop.example`) beside the request's own host whose pages may act for a member. */
  readonly origins: ReadonlySet<string>;
}

/** What `authenticate` reads of a request. */
export interface RequestHead {
  readonly method: string;
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly [name: string]: string | string[] | undefined;
  };
}

/** `__Host-` needs Secure, so plain names serve development over http. */
export function cookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-' : '';
  return { access: `${prefix}access`, refresh: `${prefix}refresh`, csrf: `${prefix}csrftoken` };
}

/**
 * The member a request speaks for, undefined for nobody. A credential that is there but not valid is refused, never
 * taken for nobody. An Authorization header wins over cookies. With neither it costs two property reads.
 */
export function authenticate(
  request: RequestHead,
  options: AuthenticateOptions,
  rule: CsrfRule = 'token',
): Viewer | undefined {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw new AppError(
        'not_signed_in',
        'The Authorization header is not of the form "Bearer <access token>".',
      );
    }
    return { ...options.verifyAccess(token), via: 'header' };
  }
  if (cookie === undefined || !cookie.includes(options.cookies.access)) return undefined;
  const cookies = parseCookie(cookie);
  const token = cookies[options.cookies.access];
  if (token === undefined || token === '') return undefined;
  const unsafe = !isSafe(request.method);
  if (rule === 'origin' && unsafe && !isOwnOrigin(request, options.origins)) return undefined;
  const identity = options.verifyAccess(token);
  if (rule === 'token' && unsafe) {
    requireCsrf(request, cookies[options.cookies.csrf], identity.sessionId, options.verifyCsrf);
  }
  return { ...identity, via: 'cookie' };
}

/** Throws `csrf` unless header and cookie hold the same token, made for this session. */
export function requireCsrf(
  request: RequestHead,
  cookie: string | undefined,
  sessionId: string,
  verifyCsrf: AuthenticateOptions['verifyCsrf'],
): void {
  const header = request.headers['x-csrftoken'];
  if (typeof header === 'string' && header === cookie && verifyCsrf(header, sessionId)) return;
  throw new AppError(
    'csrf',
    'The X-CSRFToken header is missing or not this session’s: send the value of the csrftoken cookie.',
  );
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function isOwnOrigin(request: RequestHead, origins: ReadonlySet<string>): boolean {
  const { origin } = request.headers;
  if (origin !== undefined) return isKnownOrigin(origin, request, origins);
  // Browsers name the origin of every POST; without one this is a program that chose to send its own cookie,
  // unless the browser says in another way where the request comes from.
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** Whether an `Origin` is the request's own host, or a listed one. */
export function isKnownOrigin(origin: string, request: RequestHead, origins: ReadonlySet<string>): boolean {
  const { host } = request.headers;
  return origin === `https://${host}` || origin === `http://${host}` || origins.has(origin);
}
