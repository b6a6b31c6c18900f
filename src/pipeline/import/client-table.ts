import type { Texts } from './batch-texts.ts';
import type { LineFields } from './line-scanner.ts';

/** Who sent the lines of a batch, each once: a host with an agent on a day. */
export interface Clients {
  readonly clients: number;
  /** Days since 1970-01-01 (UTC). */
  readonly clientDays: Int32Array;
  /** Three for each client: where in `texts` its host begins, its agent begins and ends. */
  readonly clientTexts: Uint32Array;
}

export interface ClientTable {
  readonly placeOf: (fields: LineFields, day: number) => number;
  readonly finish: () => Clients;
}

const NONE = -1;
// FNV-1a, 32 bits (RFC 9923).
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** Up to `most` of them, found by their bytes: no string is made of a client that came before. */
export function createClientTable(most: number, texts: Texts): ClientTable {
  const mask = 2 ** Math.ceil(Math.log2(most * 2)) - 1;
  const places = new Int32Array(mask + 1).fill(NONE);
  const hashes = new Int32Array(most);
  const clientDays = new Int32Array(most);
  const clientTexts = new Uint32Array(most * 3);
  let clients = 0;

  function isSame(place: number, { source, hostAt, hostEnd, agentAt, agentEnd }: LineFields): boolean {
    const [host, agent, end] = [
      clientTexts[place * 3]!,
      clientTexts[place * 3 + 1]!,
      clientTexts[place * 3 + 2]!,
    ];
    if (agent - host !== hostEnd - hostAt || end - agent !== agentEnd - agentAt) return false;
    const bytes = texts.bytes();
    return (
      areEqual(bytes, host, source, hostAt, hostEnd) && areEqual(bytes, agent, source, agentAt, agentEnd)
    );
  }

  function add(fields: LineFields, day: number, hash: number): number {
    const place = clients++;
    hashes[place] = hash;
    clientDays[place] = day;
    clientTexts[place * 3] = texts.add(fields.source, fields.hostAt, fields.hostEnd);
    clientTexts[place * 3 + 1] = texts.add(fields.source, fields.agentAt, fields.agentEnd);
    clientTexts[place * 3 + 2] = texts.length();
    return place;
  }

  return {
    placeOf: (fields, day) => {
      const { source, hostAt, hostEnd, agentAt, agentEnd } = fields;
      const hash = hashBytes(source, agentAt, agentEnd, hashBytes(source, hostAt, hostEnd, BASIS ^ day));
      let at = hash & mask;
      for (let place = places[at]!; place !== NONE; place = places[at]!) {
        if (hashes[place] === hash && clientDays[place] === day && isSame(place, fields)) return place;
        at = (at + 1) & mask;
      }
      const place = add(fields, day, hash);
      places[at] = place;
      return place;
    },
    finish: () => ({ clients, clientDays, clientTexts }),
  };
}

function hashBytes(source: Buffer, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ source[at]!, PRIME);
  return hash;
}

function areEqual(bytes: Buffer, start: number, source: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[start + at - from] !== source[at]) return false;
  return true;
}
