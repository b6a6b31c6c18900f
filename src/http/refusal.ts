import { randomBytes } from 'node:crypto';
import { AppError } from '../kit/errors.ts';
import { toProblem } from './error-handler.ts';

/** The one refusal of an overloaded process: to make each anew is a good part of what it takes. */
export interface Refusal {
  /** Names and values by turns. */
  readonly fields: readonly string[];
  readonly body: string;
  /** The whole answer as it goes over the wire, and that to HEAD. */
  readonly bytes: Buffer;
  readonly headBytes: Buffer;
}

const OVERLOADED = new AppError(
  'overloaded',
  'More comes than this server can do in time. Nothing of this request was done; repeat it after Retry-After.',
);

/** Nothing is logged of a request that is refused so, so all of a process share one request id. */
export function createRefusal(): Refusal {
  const body = JSON.stringify(toProblem(OVERLOADED, `${randomBytes(6).toString('hex')}-refused`));
  const fields = [
    ['retry-after', String(OVERLOADED.retryAfter ?? 1)],
    ['content-type', 'application/problem+json'],
    ['content-length', String(Buffer.byteLength(body))],
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
    // It holds nothing of anybody, and a page from elsewhere shall know when to come again.
    ['access-control-allow-origin', '*'],
    ['access-control-expose-headers', 'retry-after'],
  ];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 503 Service Unavailable\r\n${lines.join('')}\r\n`;
  return {
    fields: fields.flat(),
    body,
    bytes: Buffer.from(head + body),
    headBytes: Buffer.from(head),
  };
}
