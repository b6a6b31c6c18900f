import { createECDH, createHash } from 'node:crypto';
import webPush from 'web-push';
import { EngineError } from '../../kit/errors.ts';
import { PUSH_TIMEOUT_MS, type Push } from '../../ports/push.ts';

export interface VapidKeys {
  /** base64url */
  readonly publicKey: string;
  readonly privateKey: string;
}

interface WebPushOptions {
  readonly keys: VapidKeys;
  /** Whom a push service may write to: `mailto:…` or `https://…` (RFC 8292, 2.1). */
  readonly subject: string;
}

const GONE = new Set([404, 410]);
const TTL_SECONDS = 86_400;

/** The P-256 key pair (RFC 8292) whose private half is this secret of 32 bytes. */
export function toVapidKeys(secret: Buffer): VapidKeys {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(secret);
  return { publicKey: pair.getPublicKey('base64url'), privateKey: secret.toString('base64url') };
}

/** Web Push: RFC 8030, encrypted by RFC 8291. */
export function createWebPush({ keys, subject }: WebPushOptions): Push {
  return {
    send: async (target, message) => {
      if (target.kind !== 'web') throw new Error('not a web push subscription');
      const { endpoint, p256dh, auth } = target;
      const { method, headers, body } = webPush.generateRequestDetails(
        { endpoint, keys: { p256dh, auth } },
        JSON.stringify(message),
        { vapidDetails: { subject, ...keys }, TTL: TTL_SECONDS, topic: toTopic(message.tag) },
      );
      const answer = await post(endpoint, { method, headers, body });
      if (answer.ok) return 'delivered';
      if (GONE.has(answer.status)) return 'gone';
      throw trouble(new Error(`${new URL(endpoint).host} answered ${answer.status}`), answer.status);
    },
  };
}

async function post(
  endpoint: string,
  { method, headers, body }: Omit<webPush.RequestDetails, 'endpoint'>,
): Promise<Response> {
  try {
    const answer = await fetch(endpoint, {
      method,
      headers: headers as Record<string, string>,
      ...(body && { body: new Uint8Array(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(PUSH_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    return answer;
  } catch (error) {
    throw trouble(error, 0);
  }
}

function trouble(cause: unknown, status: number): EngineError {
  const retryable = status === 0 || status === 429 || status >= 500;
  return new EngineError({
    engine: 'web push',
    operation: 'send',
    retryable,
    mayHaveHappened: status === 0,
    cause,
  });
}

/** RFC 8030, 5.4: at most 32 characters of base64url. */
function toTopic(tag: string): string {
  return createHash('sha256').update(tag).digest('base64url').slice(0, 32);
}
