import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { AddressRecord } from '../../events/event.ts';

const DAY_MS = 86_400_000;
const CIPHER = 'aes-256-ecb';

/**
 * The address as one AES-256 block under the day's key. One block of a fixed-size value under a key of its own is a
 * permutation: no nonce, 16 bytes; that equal addresses of a day look equal is what the keyed hash shows anyway.
 */
export function toAddressRecord(ip: string, sealKey: Buffer, hashKey: Buffer): AddressRecord {
  const parsed = ipaddr.process(ip);
  const bytes = Buffer.from(
    parsed.kind() === 'ipv4'
      ? (parsed as ipaddr.IPv4).toIPv4MappedAddress().toByteArray()
      : parsed.toByteArray(),
  );
  const cipher = createCipheriv(CIPHER, sealKey, null).setAutoPadding(false);
  return {
    network: toNetwork(parsed),
    hash: createHmac('sha256', hashKey).update(bytes).digest().subarray(0, 8),
    sealed: Buffer.concat([cipher.update(bytes), cipher.final()]),
  };
}

/** The part of a raw event that its address is read from. */
interface SealedAddress {
  readonly received_at: Date;
  readonly network: string | null;
  readonly address_sealed: Buffer | null;
}

/** The addresses of these rows, in their order: whole while the key of the day is there, else the network. */
export type ReadAddresses = (rows: readonly SealedAddress[]) => Promise<readonly (string | null)[]>;

/**
 * The one place that opens addresses. Make one for each request: it reads the key of a day once, from the database, so
 * that a destroyed key opens nothing from the next request on.
 */
export function createAddressReader(secrets: DaySecrets): ReadAddresses {
  const keys = new Map<number, Buffer | undefined>();
  return async (rows) => {
    const sealed = rows.filter((row) => row.address_sealed !== null);
    const days = [...new Set(sealed.map(dayOf))].filter((day) => !keys.has(day));
    if (days.length > 0) {
      const found = await secrets.find('address_key', days);
      for (const day of days) keys.set(day, found.get(day));
    }
    return rows.map((row) => {
      const key = row.address_sealed && keys.get(dayOf(row));
      return (key && openAddress(row, key)) || row.network;
    });
  };
}

function dayOf(row: SealedAddress): number {
  return Math.floor(row.received_at.getTime() / DAY_MS);
}

/** Undefined where another key sealed it: what comes out then lies outside the row's own network. */
function openAddress({ address_sealed: sealed, network }: SealedAddress, key: Buffer): string | undefined {
  if (sealed?.length !== 16 || network === null) return undefined;
  const decipher = createDecipheriv(CIPHER, key, null).setAutoPadding(false);
  const bytes = Buffer.concat([decipher.update(sealed), decipher.final()]);
  const address = ipaddr.process(ipaddr.fromByteArray([...bytes]).toString());
  const [base, bits] = ipaddr.parseCIDR(network);
  return address.kind() === base.kind() && address.match(base, bits) ? address.toString() : undefined;
}

function toNetwork(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const bits = address.kind() === 'ipv4' ? 24 : 48;
  const bytes = address.toByteArray().map((byte, index) => (index * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
