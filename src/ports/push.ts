/**
 * Messages to browsers and phones, through the services of their makers.
 *
 * PU-1  `delivered`: the service took the message. Whether a person sees it nobody tells.
 * PU-2  `gone`: the service says that this target will never take one again; nothing else is called so.
 * PU-3  Everything else rejects with an EngineError, whose `retryable` says whether a further try can help.
 * PU-4  A call ends within `PUSH_TIMEOUT_MS`.
 * PU-5  Of two messages with one `tag` a device shows the later one only.
 */
export interface Push {
  readonly send: (target: PushTarget, message: PushMessage) => Promise<'delivered' | 'gone'>;
}

export const PUSH_TIMEOUT_MS = 10_000;

export type PushTarget =
  /** RFC 8030: the subscription of a browser; keys in base64url. */
  | { readonly kind: 'web'; readonly endpoint: string; readonly p256dh: string; readonly auth: string }
  | { readonly kind: 'fcm'; readonly token: string };

export interface PushMessage {
  readonly title: string;
  readonly body: string;
  /** A path of this server. */
  readonly path: string;
  readonly tag: string;
}

/** Services of the browsers' makers. A member names the address that this server will send to, so it must be one of them. */
export const PUSH_SERVICES: readonly string[] = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  'web.push.apple.com',
  '.notify.windows.com',
];
