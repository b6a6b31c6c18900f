import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { isKnownOrigin } from '../../http/authenticate.ts';
import type { Clock } from '../../kit/clock.ts';
import { visitorHash } from '../../pipeline/ingest/index.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/**
 * 13 months, counted as 30 days each, and never prolonged by a further visit: what the CNIL grants a cookie that
 * measures audience (guidelines 2020-091 of 17 September 2020, article 5, under the ePrivacy directive 2002/58, 5(3)).
 */
const LIFE_DAYS = 13 * 30;
/**
 * New ids that one address (IPv6: one /64) gets in an hour. Whoever drops its cookie is a new visitor each time, so past this it is
 * the visitor of the day's hash, as without cookies: who refuses them cannot make uniques at will.
 */
const NEWCOMERS_PER_HOUR = 120;
const CACHED = 20_000;
const ADDRESSES_KEPT = 100_000;

const ID_BYTES = 16;
const SIGNED_BYTES = ID_BYTES + 4;
const VALUE_BYTES = SIGNED_BYTES + 16;

export interface Visitor {
  readonly actor: string;
  /** The Set-Cookie header of a newcomer; undefined where the request brought its id. */
  readonly setCookie: string | undefined;
}

/**
 * The visitor of an anonymous request, by a first-party id in a cookie. Undefined where the day's hash stands in: for a
 * member, with DNT or Sec-GPC, from another site, and past the bound on newcomers. Reads no database.
 */
export type FindVisitor = (request: VisitorRequest) => Visitor | undefined;

export type VisitorRequest = Pick<
  FastifyRequest,
  'method' | 'headers' | 'query' | 'viewer' | 'clientAddress'
>;

export interface VisitorCookieOptions {
  /** 32 bytes of the installation. With another key every cookie is void and every visitor new. */
  readonly key: Buffer;
  readonly secure: boolean;
  /** Origins beside the request's own host whose pages are first-party. */
  readonly origins: ReadonlySet<string>;
  readonly clock: Clock;
  /** False: any number of newcomers of one address. */
  readonly boundNewcomers: boolean;
}

interface Known {
  readonly actor: string;
  /** Days since the epoch; the cookie is no longer believed from this day on. */
  readonly endsOn: number;
}

/**
 * The cookie holds 16 random bytes, the day it was made, and 16 bytes of HMAC-SHA256 over both, in base64url. What this
 * server did not make, or made too long ago, is nobody's id. The id is kept nowhere: the actor is a keyed hash of it.
 */
export function createVisitorCookie(options: VisitorCookieOptions): FindVisitor {
  const { clock, origins, secure } = options;
  const name = secure ? '__Host-visitor' : 'visitor';
  const subkey = (label: string) => Buffer.from(hkdfSync('sha256', options.key, '', label, 32));
  const macKey = subkey('weir visitor cookie');
  const actorKey = subkey('weir visitor actor');
  const known = new LRUCache<string, Known>({ max: CACHED });
  const takeNewcomer = options.boundNewcomers ? createNewcomerBound(clock) : () => true;

  function remember(value: string, id: Buffer, day: number): Known {
    const visitor = { actor: visitorHash(actorKey, id.toString('hex')), endsOn: day + LIFE_DAYS };
    known.set(value, visitor);
    return visitor;
  }

  function open(value: string, today: number): string | undefined {
    let visitor = known.get(value);
    if (!visitor) {
      const bytes = Buffer.from(value, 'base64url');
      if (bytes.length !== VALUE_BYTES) return undefined;
      const signed = bytes.subarray(0, SIGNED_BYTES);
      if (!timingSafeEqual(bytes.subarray(SIGNED_BYTES), sign(macKey, signed))) return undefined;
      visitor = remember(value, signed.subarray(0, ID_BYTES), signed.readUInt32BE(ID_BYTES));
    }
    return today < visitor.endsOn ? visitor.actor : undefined;
  }

  function make(today: number): Visitor {
    const signed = randomBytes(SIGNED_BYTES);
    signed.writeUInt32BE(today, ID_BYTES);
    const value = Buffer.concat([signed, sign(macKey, signed)]).toString('base64url');
    const { actor } = remember(value, signed.subarray(0, ID_BYTES), today);
    const maxAge = (LIFE_DAYS * DAY_MS) / 1_000;
    const cookie = { name, value, httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge } as const;
    return { actor, setCookie: stringifySetCookie(cookie) };
  }

  return (request) => {
    if (request.viewer !== undefined || !mayHoldCookie(request, origins)) return undefined;
    const today = Math.floor(clock.now() / DAY_MS);
    const { cookie } = request.headers;
    const value = cookie?.includes(name) ? parseCookie(cookie)[name] : undefined;
    const actor = value === undefined ? undefined : open(value, today);
    if (actor !== undefined) return { actor, setCookie: undefined };
    return takeNewcomer(request.clientAddress) ? make(today) : undefined;
  };
}

function sign(key: Buffer, signed: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(signed)
    .digest()
    .subarray(0, VALUE_BYTES - SIGNED_BYTES);
}

/**
 * Whether the visitor lets itself be known (DNT, Sec-GPC) and a cookie is first-party here (Fetch metadata, Origin).
 * `?cookies=omit`: the tracker where the browser sends no cookies along, so that it is not new with each request.
 */
function mayHoldCookie(request: VisitorRequest, origins: ReadonlySet<string>): boolean {
  const { headers } = request;
  if (headers.dnt === '1' || headers['sec-gpc'] === '1') return false;
  if (headers['sec-fetch-site'] === 'cross-site') return false;
  if (headers.origin !== undefined && !isKnownOrigin(headers.origin, request, origins)) return false;
  return (request.query as { cookies?: unknown }).cookies !== 'omit';
}

/** Kept in this process, as the rate limits are. */
function createNewcomerBound(clock: Clock): (address: string) => boolean {
  const hours = new LRUCache<string, { readonly endsAt: number; taken: number }>({ max: ADDRESSES_KEPT });
  return (address) => {
    const now = clock.monotonicMs();
    const home = toHome(address);
    let hour = hours.get(home);
    if (!hour || hour.endsAt <= now) {
      hour = { endsAt: now + HOUR_MS, taken: 0 };
      hours.set(home, hour);
    }
    if (hour.taken >= NEWCOMERS_PER_HOUR) return false;
    hour.taken += 1;
    return true;
  };
}

/** One IPv6 subnet is a /64 (RFC 4291, 2.5.1): its host has as many addresses as it likes. */
function toHome(address: string): string {
  return address.includes(':') ? ipaddr.parse(address).toByteArray().slice(0, 8).join('.') : address;
}
