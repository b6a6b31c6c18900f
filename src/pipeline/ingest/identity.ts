import { createCipheriv, createHmac } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { AddressRecord } from '../../events/event.ts';

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

  function visitor(ip: string, userAgent: string | undefined, occurredAt: number): Promise<string> | string {
    const day = Math.floor(occurredAt / DAY_MS);
    const key = `${day}|${ip}|${userAgent ?? ''}`;
    const cached = visitors.get(key);
    if (cached) return cached;
    const make = (salt: Buffer) => {
      const actor = visitorHash(salt, `${ip}|${userAgent ?? ''}`);
      visitors.set(key, actor);
      return actor;
    };
    const salt = secrets.peek('actor_salt', day);
    return salt ? make(salt) : secrets.get('actor_salt', day).then(make);
  }

  function address(ip: string, receivedAt: number): Promise<AddressRecord> | AddressRecord {
    const day = Math.floor(receivedAt / DAY_MS);
    const key = `${day}|${ip}`;
    const cached = addresses.get(key);
    if (cached) return cached;
    const make = ([sealKey, hashKey]: readonly [Buffer, Buffer]) => {
      const record = toAddressRecord(ip, sealKey, hashKey);
      addresses.set(key, record);
      return record;
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

/**
 * The address as one AES-256 block under the day's key. One block of a fixed-size value under a key of its own is a
 * permutation: no nonce, 16 bytes; that equal addresses of a day look equal is what the keyed hash shows anyway.
 */
function toAddressRecord(ip: string, sealKey: Buffer, hashKey: Buffer): AddressRecord {
  const parsed = ipaddr.process(ip);
  const bytes = Buffer.from(
    parsed.kind() === 'ipv4'
      ? (parsed as ipaddr.IPv4).toIPv4MappedAddress().toByteArray()
      : parsed.toByteArray(),
  );
  const cipher = createCipheriv('aes-256-ecb', sealKey, null).setAutoPadding(false);
  return {
    network: toNetwork(parsed),
    hash: createHmac('sha256', hashKey).update(bytes).digest().subarray(0, 8),
    sealed: Buffer.concat([cipher.update(bytes), cipher.final()]),
  };
}

function toNetwork(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const bits = address.kind() === 'ipv4' ? 24 : 48;
  const bytes = address.toByteArray().map((byte, index) => (index * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
