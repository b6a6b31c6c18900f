import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface PushService {
  readonly origin: string;
  readonly received: Received[];
  /** What it answers at a path from now on; 201 where nothing is said. */
  readonly answer: (path: string, status: number, body?: unknown) => void;
  readonly close: () => Promise<void>;
}

/** Stands for the push services of the makers of browsers and phones, as no test can send to the real ones. */
export async function startPushService(): Promise<PushService> {
  const answers = new Map<string, { status: number; body: unknown }>();
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks) });
    const { status, body } = answers.get(request.url!) ?? { status: 201, body: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: (path, status, body = {}) => void answers.set(path, { status, body }),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export interface BrowserSubscription {
  /** As `JSON.stringify(subscription)` gives it in a page. */
  readonly token: string;
  readonly decrypt: (body: Buffer) => string;
}

/** The browser's side of a subscription: its keys, and RFC 8291 and 8188 backwards. */
export function subscribeBrowser(endpoint: string): BrowserSubscription {
  const pair = createECDH('prime256v1');
  const own = pair.generateKeys();
  const auth = randomBytes(16);
  const keys = { p256dh: own.toString('base64url'), auth: auth.toString('base64url') };
  return {
    token: JSON.stringify({ endpoint, expirationTime: null, keys }),
    decrypt: (body) => decrypt(body, pair, own, auth),
  };
}

function decrypt(body: Buffer, pair: ECDH, own: Buffer, auth: Buffer): string {
  const salt = body.subarray(0, 16);
  const sender = body.subarray(21, 21 + body[20]!);
  const derive = (key: Buffer, salted: Buffer, info: Buffer, bytes: number) =>
    Buffer.from(hkdfSync('sha256', key, salted, info, bytes));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), own, sender]);
  const secret = derive(pair.computeSecret(sender), auth, info, 32);
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const record = body.subarray(21 + sender.length);
  const cipher = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8');
}

/** The claims of a VAPID header (RFC 8292) whose signature holds for its own key. */
export function readVapid(authorization: string): { aud: string; sub: string; key: string } {
  const [, jwt, key] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization)!;
  const [head, claims, signature] = jwt!.split('.');
  const point = Buffer.from(key!, 'base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = Buffer.from(`${head}.${claims}`);
  const bytes = Buffer.from(signature!, 'base64url');
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes))
    throw new Error('the signature does not hold');
  return { ...JSON.parse(Buffer.from(claims!, 'base64url').toString()), key: key! };
}

function b64(bytes: Buffer): string {
  return bytes.toString('base64url');
}
