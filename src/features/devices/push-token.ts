import type { PushTarget } from '../../ports/push.ts';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const P256DH_BYTES = 65;
const AUTH_BYTES = 16;

/**
 * What a device's token says: the JSON of a browser's PushSubscription, or a registration token of FCM. Returns what is
 * wrong as a text. `services`: host names, with a leading dot any host below it; or whole
 * origins.
 */
export function parsePushToken(token: string, services: readonly string[]): PushTarget | string {
  if (!token.startsWith('{')) {
    if (/^[\w:%.-]{8,}$/.test(token)) return { kind: 'fcm', token };
    return 'must be a registration token of FCM, or a PushSubscription as JSON';
  }
  const { endpoint, keys } = parseJson(token) ?? {};
  if (typeof endpoint !== 'string' || !isServed(endpoint, services))
    return 'its endpoint must be an https address of a push service that this server sends to';
  const p256dh = toKey(keys?.p256dh, P256DH_BYTES);
  const auth = toKey(keys?.auth, AUTH_BYTES);
  if (p256dh === undefined || auth === undefined)
    return 'its keys must hold p256dh (65 bytes) and auth (16 bytes) in base64url';
  return { kind: 'web', endpoint, p256dh, auth };
}

interface Subscription {
  readonly endpoint?: unknown;
  readonly keys?: { readonly p256dh?: unknown; readonly auth?: unknown };
}

function parseJson(text: string): Subscription | undefined {
  try {
    return JSON.parse(text) as Subscription;
  } catch {
    return undefined;
  }
}

function isServed(endpoint: string, services: readonly string[]): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, host, username, password } = new URL(endpoint);
  if (username !== '' || password !== '') return false;
  // One that is named as an origin is the operator's own, who may do without TLS.
  if (services.includes(`${protocol}//${host}`)) return true;
  if (protocol !== 'https:') return false;
  return services.some((name) => (name.startsWith('.') ? host.endsWith(name) : host === name));
}

function toKey(text: unknown, bytes: number): string | undefined {
  if (typeof text !== 'string' || !BASE64URL.test(text)) return undefined;
  return Buffer.from(text, 'base64url').length === bytes ? text : undefined;
}
