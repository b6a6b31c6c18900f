import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { AddressRecord } from '../../events/event.ts';
import { toAddressRecord } from './address-seal.ts';

const DAY_MS = 86_400_000;
const CACHED = 20_000;

export interface Identities {
  /** The visitor behind an address and an agent on the day of the event: the same all day, a stranger the day after. */
  readonly visitor: (
    ip: string,
    userAgent: string | undefined,
    occurredAt: number,
  ) => Promise<string> | string;
  /** An address as it may be kept, sealed by the key of the day it was received. */
  readonly address: (ip: string, receivedAt: number) => Promise<AddressRecord> | AddressRecord;
}

export function createIdentities(secrets: DaySecrets): Identities {
  const visitors = new LRUCache<string, string>({ max: CACHED });
  const addresses = new LRUCache<string, AddressRecord>({ max: CACHED });
  let last: { day: number; ip: string; userAgent: string | undefined; actor: string } = {
    day: -1,
    ip: '',
    userAgent: undefined,
    actor: '',
  };
  let lastAddress: { day: number; ip: string; record: AddressRecord } | undefined;

  function visitor(ip: string, userAgent: string | undefined, occurredAt: number): Promise<string> | string {
    const day = Math.floor(occurredAt / DAY_MS);
    // The events of one batch have one sender.
    if (day === last.day && ip === last.ip && userAgent === last.userAgent) return last.actor;
    const key = `${day}|${ip}|${userAgent ?? ''}`;
    const remember = (actor: string) => {
      last = { day, ip, userAgent, actor };
      return actor;
    };
    const cached = visitors.get(key);
    if (cached) return remember(cached);
    const make = (salt: Buffer) => {
      const actor = visitorHash(salt, `${ip}|${userAgent ?? ''}`);
      visitors.set(key, actor);
      return remember(actor);
    };
    const salt = secrets.peek('actor_salt', day);
    return salt ? make(salt) : secrets.get('actor_salt', day).then(make);
  }

  function address(ip: string, receivedAt: number): Promise<AddressRecord> | AddressRecord {
    const day = Math.floor(receivedAt / DAY_MS);
    if (lastAddress && day === lastAddress.day && ip === lastAddress.ip) return lastAddress.record;
    const key = `${day}|${ip}`;
    const remember = (record: AddressRecord) => {
      lastAddress = { day, ip, record };
      return record;
    };
    const cached = addresses.get(key);
    if (cached) return remember(cached);
    const make = ([sealKey, hashKey]: readonly [Buffer, Buffer]) => {
      const record = toAddressRecord(ip, sealKey, hashKey);
      addresses.set(key, record);
      return remember(record);
    };
    const sealKey = secrets.peek('address_key', day);
    const hashKey = secrets.peek('address_hash', 0);
    if (sealKey && hashKey) return make([sealKey, hashKey]);
    return Promise.all([secrets.get('address_key', day), secrets.get('address_hash', 0)]).then(make);
  }

  return { visitor, address };
}

/** 122 bits of HMAC-SHA256 as a UUIDv8 (RFC 9562, 5.8), which a member's version 4 never meets. */
export function visitorHash(salt: Buffer, text: string): string {
  return toUuid8(createHmac('sha256', salt).update(text).digest());
}

export function toUuid8(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
