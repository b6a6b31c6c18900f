import { isIP } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { AddressRecord } from '../../events/event.ts';
import { createIdentities } from '../ingest/index.ts';
import type { LineBatch } from './line-batch.ts';
import { untilDone } from './retry.ts';
import { createVisitorHash } from './visitor-hash.ts';

/** A client on one day. */
export interface Visitor {
  readonly actor: string;
  readonly userAgent: string | undefined;
  readonly host: Host;
}

interface Host {
  /** Undefined where it is a name. */
  readonly ip: string | undefined;
  /** As it was sealed last, and the day whose key that was. */
  address: AddressRecord | undefined;
  sealedOn: number | undefined;
}

const DAY_MS = 86_400_000;
const HOSTS_KEPT = 20_000;
const AT_ONCE = 500;

/** The visitors behind the clients of a batch. */
export function createVisitors(salt: Buffer): (batch: LineBatch) => Promise<Visitor[]> {
  const hashOf = createVisitorHash(salt);
  const hosts = new LRUCache<string, Host>({ max: HOSTS_KEPT });

  function findHost(name: string): Host {
    let host = hosts.get(name);
    if (host === undefined) {
      host = { ip: isIP(name) === 0 ? undefined : name, address: undefined, sealedOn: undefined };
      hosts.set(name, host);
    }
    return host;
  }

  return async ({ clients, clientDays, clientTexts, texts }) => {
    const bytes = toBuffer(texts);
    const found: Visitor[] = [];
    for (let place = 0; place < clients; place += 1) {
      if (place % AT_ONCE === 0) await setImmediate();
      const agentAt = clientTexts[place * 3 + 1]!;
      const name = bytes.toString('utf8', clientTexts[place * 3], agentAt);
      const userAgent = toField(bytes, agentAt, clientTexts[place * 3 + 2]!);
      // Made anew for each batch: to remember them took as long.
      const actor = hashOf(`${name}|${userAgent ?? ''}|${clientDays[place]}`);
      found.push({ actor, userAgent, host: findHost(name) });
    }
    return found;
  };
}

/** Seals their addresses under the key of the day of receipt. */
export function createSeal(deps: {
  readonly secrets: DaySecrets;
  readonly signal: AbortSignal;
}): (visitors: readonly Visitor[], receivedAt: number) => Promise<void> {
  const identities = createIdentities(deps.secrets);
  return async (visitors, receivedAt) => {
    const day = Math.floor(receivedAt / DAY_MS);
    for (const { host } of visitors) {
      const { ip } = host;
      if (ip === undefined || host.sealedOn === day) continue;
      host.address = await untilDone(async () => identities.address(ip, receivedAt), deps.signal);
      host.sealedOn = day;
    }
  };
}

/** What came from another thread is a Buffer no more. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Undefined where it is empty. */
export function toField(bytes: Buffer, from: number, to: number): string | undefined {
  return from === to ? undefined : bytes.toString('utf8', from, to);
}
