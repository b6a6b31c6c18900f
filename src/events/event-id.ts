import { randomUUID } from 'node:crypto';

/** The partition of every id that is no UUIDv7. */
export const UNDATED = -1;
const DAY_MS = 86_400_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const COUNTER_START = 0x800;
const COUNTER_END = 0x1000;
let lastAt = -1;
let prefix = '';
let counter = 0;

/**
 * A UUIDv7 (RFC 9562, 5.7 and 6.2 method 1): the millisecond, a counter that begins at a random number in each, and 62
 * random bits out of a version 4, which Node takes from a pool. In one process ids grow, so a group needs no sorting and
 * the index of ids grows at its end; nobody can guess the next one.
 */
export function newEventId(): string {
  const random = randomUUID();
  const now = Date.now();
  if (now !== lastAt || counter === COUNTER_END) {
    lastAt = now;
    const time = now.toString(16).padStart(12, '0');
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    counter = Number.parseInt(random.slice(0, 4), 16) % COUNTER_START;
  }
  const low = (counter++).toString(16).padStart(3, '0');
  return `${prefix}${low}${random.slice(18)}`;
}

export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && text.length === 36 && UUID.test(text);
}

/** The milliseconds inside a UUIDv7 (RFC 9562, 5.7), or undefined for any other version or variant. */
export function timeOfEventId(id: string): number | undefined {
  const variant = id.charCodeAt(19) | 0x20;
  const isRfcVariant = variant === 0x38 || variant === 0x39 || variant === 0x61 || variant === 0x62;
  if (id.charCodeAt(14) !== 0x37 || !isRfcVariant) return undefined;
  return Number.parseInt(id.slice(0, 8), 16) * 65_536 + Number.parseInt(id.slice(9, 13), 16);
}

/** The partition of an id: the UTC day inside a UUIDv7 as days since the epoch, else `UNDATED`. A pure function. */
export function dayOfEventId(id: string): number {
  const time = timeOfEventId(id);
  return time === undefined ? UNDATED : Math.floor(time / DAY_MS);
}
