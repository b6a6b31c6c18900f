/** Fetch with what every call needs: CSRF token, problem+json as an error, a renewed access token. */
export interface Problem {
  status: number;
  title?: string;
  detail: string;
  code?: string;
  request_id?: string;
  errors?: { path: string; message: string }[];
}

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
  body?: unknown;
  signal?: AbortSignal | undefined;
}

// Kept in memory only: a script of a stranger that read storage would find nothing. A reloaded page has the cookies.
let access: string | undefined;
let refresh: string | undefined;
let renewing: Promise<boolean> | undefined;

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

const send = (method: string, path: string, { query, body, signal }: Options): Promise<Response> => {
  const search = new URLSearchParams(
    Object.entries(query ?? {}).flatMap(([key, value]) =>
      value === undefined || value === '' ? [] : [[key, String(value)]],
    ),
  ).toString();
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (access) headers.authorization = `Bearer ${access}`;
  else if (method !== 'GET') headers['x-csrftoken'] = csrfToken();
  return fetch(`/api${path}${search && `?${search}`}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
};

// One renewal at a time: a refresh token that is used twice revokes its whole family.
const renew = async (): Promise<boolean> => {
  if (!refresh) return false;
  const response = await send('POST', '/token/refresh', { body: { refresh } });
  if (!response.ok) {
    access = refresh = undefined;
    return false;
  }
  ({ access, refresh } = (await response.json()) as { access: string; refresh: string });
  return true;
};

/** Sends a request and renews the access token once where the server says 401. Throws ApiError. */
export const open = async (method: string, path: string, options: Options = {}): Promise<Response> => {
  let response = await send(method, path, options);
  if (response.status === 401 && refresh) {
    renewing ??= renew().finally(() => {
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

export const signIn = async (username: string, password: string): Promise<void> => {
  access = refresh = undefined; // a wrong password must not try to renew an older session
  const answer = await request<{ refresh: string }>('POST', '/users/login', { body: { username, password } });
  refresh = answer.refresh; // the cookie signs requests in until it ends; only then the header takes over
};

export const signOut = async (): Promise<void> => {
  await open('POST', '/users/logout', { body: refresh ? { refresh } : {} });
  access = refresh = undefined;
};
