import { readFileSync } from 'node:fs';
import { createSigner } from 'fast-jwt';
import { EngineError } from '../../kit/errors.ts';
import { PUSH_TIMEOUT_MS, type Push, type PushMessage } from '../../ports/push.ts';

interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
  readonly token_uri: string;
}

interface FcmOptions {
  readonly account: ServiceAccount;
  /** `https://fcm.googleapis.com`, or one that answers as it does. */
  readonly origin: string;
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const TOKEN_SECONDS = 3_600;
/** An access token is used up to this long before its end. */
const MARGIN_MS = 120_000;

/** The JSON file of a Google service account. Throws an Error that says what is missing in it. */
export function readServiceAccount(file: string): ServiceAccount {
  const account = JSON.parse(readFileSync(file, 'utf8')) as Partial<ServiceAccount>;
  const names = ['project_id', 'client_email', 'private_key', 'token_uri'] as const;
  const missing = names.filter((name) => typeof account[name] !== 'string');
  if (missing.length > 0) throw new Error(`${file} is no service account: it lacks ${missing.join(', ')}`);
  return account as ServiceAccount;
}

/** Firebase Cloud Messaging, HTTP v1. */
export function createFcmPush({ account, origin }: FcmOptions): Push {
  const url = `${origin}/v1/projects/${account.project_id}/messages:send`;
  const tokens = createTokens(account);
  return {
    send: async (target, message) => {
      if (target.kind !== 'fcm') throw new Error('not a registration token of FCM');
      const authorization = `Bearer ${await tokens.read()}`;
      const body = JSON.stringify({ message: { token: target.token, ...toFcm(message) } });
      const answer = await post(url, { authorization, 'content-type': 'application/json' }, body);
      if (answer.ok) return 'delivered';
      const reason = readReason(await answer.json().catch(() => undefined));
      if (reason === 'UNREGISTERED') return 'gone';
      if (answer.status === 401) tokens.forget();
      throw trouble(new Error(`FCM answered ${answer.status} ${reason ?? ''}`), answer.status);
    },
  };
}

function toFcm({ title, body, path, tag }: PushMessage) {
  return {
    notification: { title, body },
    data: { path },
    android: { notification: { tag }, collapse_key: tag },
    apns: { headers: { 'apns-collapse-id': tag.slice(0, 64) } },
  };
}

/** RFC 7523: a signed assertion for an access token, asked for once for everybody who waits. */
function createTokens({ client_email, private_key, token_uri }: ServiceAccount) {
  const sign = createSigner({ key: private_key, algorithm: 'RS256', expiresIn: TOKEN_SECONDS * 1_000 });
  let asked: Promise<string> | undefined;
  let endsAt = 0;

  async function ask(): Promise<string> {
    const assertion = sign({ iss: client_email, scope: SCOPE, aud: token_uri });
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    });
    const answer = await post(
      token_uri,
      { 'content-type': 'application/x-www-form-urlencoded' },
      form.toString(),
    );
    if (!answer.ok)
      throw trouble(new Error(`${new URL(token_uri).host} answered ${answer.status}`), answer.status);
    const { access_token, expires_in } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    endsAt = performance.now() + expires_in * 1_000 - MARGIN_MS;
    return access_token;
  }
  function read(): Promise<string> {
    if (asked !== undefined && (endsAt === 0 || performance.now() < endsAt)) return asked;
    endsAt = 0;
    const asking = ask();
    asked = asking;
    asking.catch(() => {
      if (asked === asking) asked = undefined;
    });
    return asking;
  }
  return { read, forget: () => (asked = undefined) };
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(PUSH_TIMEOUT_MS);
    return await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
  } catch (error) {
    throw trouble(error, 0);
  }
}

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode */
function readReason(answer: unknown): string | undefined {
  const { error } = (answer ?? {}) as { error?: { status?: string; details?: { errorCode?: string }[] } };
  return error?.details?.find((one) => one.errorCode !== undefined)?.errorCode ?? error?.status;
}

function trouble(cause: unknown, status: number): EngineError {
  const retryable = status === 0 || status === 401 || status === 429 || status >= 500;
  return new EngineError({
    engine: 'FCM',
    operation: 'send',
    retryable,
    mayHaveHappened: status === 0,
    cause,
  });
}
