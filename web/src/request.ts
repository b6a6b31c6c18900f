/** Fetch with what every call needs: CSRF token, problem+json as an error, a sign-in that renews itself. */
import type { components } from './openapi.d.ts';

type Known = components['schemas']['Problem'];
/** A proxy's answer may lack everything but the status. */
export type Problem = Partial<Known> &
  Pick<Known, 'status' | 'detail'> & {
    /** what stands beside the code where one code has several reasons */
    reason?: string;
    /** with `stale_version`: what it is now */
    current_version?: number;
  };

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ApiError';
    this.problem = problem;
  }
}

interface Options {
  query?: object;
  /** a Blob is sent as it is, anything else as JSON */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const csrfToken = (): string =>
  document.cookie
    .split('; ')
    .find((pair) => /^(__Host-)?csrftoken=/.test(pair))
    ?.replace(/^[^=]*=/, '') ?? '';

const toError = async (response: Response): Promise<ApiError> => {
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // a proxy's page instead of JSON: its status is all we know
  }
  return new ApiError({
    ...problem,
    status: response.status,
    detail: problem.detail ?? `HTTP ${response.status}`,
  });
};

export const toSearch = (query: object): string =>
  new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) =>
      value === undefined || value === '' ? [] : [[key, String(value)]],
    ),
  ).toString();

const send = (method: string, path: string, options: Options): Promise<Response> => {
  const { query, body, signal } = options;
  const search = toSearch(query ?? {});
  const headers = { ...options.headers };
  if (body instanceof Blob) headers['content-type'] = body.type || 'application/octet-stream';
  else if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-csrftoken'] = csrfToken();
  return fetch(`/api${path}${search && `?${search}`}`, {
    method,
    headers,
    body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
    signal: signal ?? null,
  });
};

const RENEWED_KEY = 'weir.renewed';
let renewing: Promise<boolean> | undefined;

const renewOnce = async (failedAtMs: number): Promise<boolean> => {
  // another tab was faster: its cookies are ours
  if (Number(localStorage.getItem(RENEWED_KEY)) > failedAtMs) return true;
  const { ok } = await send('POST', '/users/renew', {});
  if (ok) localStorage.setItem(RENEWED_KEY, String(Date.now()));
  return ok;
};

// One renewal at a time in all tabs: a refresh token that is used twice ends the sign-in.
const renew = async (failedAtMs: number): Promise<boolean> => {
  const locks: LockManager | undefined = navigator.locks; // only there on https and localhost
  return locks ? await locks.request(RENEWED_KEY, () => renewOnce(failedAtMs)) : renewOnce(failedAtMs);
};

/** Sends a request and, where the server says 401, renews the sign-in once and sends it again. Throws ApiError. */
export const open = async (method: string, path: string, options: Options = {}): Promise<Response> => {
  const sentAtMs = Date.now();
  let response = await send(method, path, options);
  // without the CSRF cookie nobody has signed in here
  if (response.status === 401 && csrfToken() && path !== '/users/login') {
    renewing ??= renew(sentAtMs).finally(() => {
      renewing = undefined;
    });
    if (await renewing) response = await send(method, path, options);
  }
  if (!response.ok) throw await toError(response);
  return response;
};

export const request = async <T>(method: string, path: string, options: Options = {}): Promise<T> => {
  const response = await open(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
};

/** What the Link header (RFC 8288) asks for in its next or previous page; undefined where there is none. */
export const findLink = (response: Response, rel: 'next' | 'prev'): URLSearchParams | undefined => {
  const header = response.headers.get('link') ?? '';
  const target = new RegExp(`<([^>]+)>; rel="${rel}"`).exec(header)?.[1];
  return target === undefined ? undefined : new URL(target, location.origin).searchParams;
};

export const signIn = async (username: string, password: string): Promise<void> => {
  // the answer's tokens are for clients without cookies; here no script needs to hold them
  await open('POST', '/users/login', { body: { username, password } });
};

export const signOut = async (): Promise<void> => {
  await open('POST', '/users/logout', { body: {} });
};
