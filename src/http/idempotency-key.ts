import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { invalid } from '../kit/errors.ts';
import { requireViewer } from './policy.ts';

/** What names a creating request: the same again gets the answer of the first one. */
export interface IdempotencyClaim {
  readonly memberId: number;
  /** Verb and pattern, as `POST /api/boards`. */
  readonly route: string;
  readonly key: string;
  /** SHA-256 of the path and the body: a key serves one request alone. */
  readonly fingerprint: Buffer;
}

/**
 * The Idempotency-Key of a signed-in member's request (draft-ietf-httpapi-idempotency-key-header; quoted or not, 1 to 255
 * printable ASCII characters), undefined without one. Throws `invalid`.
 */
export function readIdempotencyKey(request: FastifyRequest): IdempotencyClaim | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  requireViewer(request.viewer);
  const key = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : '';
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 255 printable ASCII characters' }]);
  const path = request.url.split('?', 1)[0]!;
  return {
    memberId: request.viewer.memberId,
    route: `${request.method} ${request.routeOptions.url}`,
    key,
    fingerprint: createHash('sha256')
      .update(`${path}\n`)
      .update(Buffer.isBuffer(request.body) ? request.body : `${JSON.stringify(request.body)}`)
      .digest(),
  };
}
