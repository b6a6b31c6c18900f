import ipaddr from 'ipaddr.js';
import { EVENT_SOURCES, EVENT_TYPES, type Event, RULES, SUBJECT_KINDS } from '../../events/event.ts';
import { fourOf } from '../../kit/uuid-words.ts';
import { POSTGRES_EPOCH_MS, writeInt8 } from './binary-arrays.ts';
import { MEMBER_BIT } from './event-rows.ts';

/** In the order in which `encodeCopy` writes them. */
const COLUMNS =
  'event_id, actor, seq, subject_id, occurred_at, received_at, day, lane, subject_kind, type, rule, rule_version, flags, source, network, address_hash, address_sealed, user_agent, referrer, page';
const FIELDS = 20;

export const COPY_GROUP = `copy event_log (${COLUMNS}) from stdin (format binary)`;

// Signature, flags, no header extension (PostgreSQL, "Binary Format" of COPY).
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER_BYTES = 2;
/** Length words and values of the fields that always have the same size. */
const FIXED_BYTES = 2 + FIELDS * 4 + 2 * 16 + 4 * 8 + 4 + 7 * 2;
const NETWORK_BYTES = 20;
const AF_INET = 2;
const AF_INET6 = 3;

/** Rows for COPY_GROUP, in the order of their keys; `seq` goes on from `firstSeq` in the order given. */
export function encodeCopy(events: readonly Event[], firstSeq: number, lane: number): Buffer {
  const order = sortByKey(events);
  let size = HEADER.length + TRAILER_BYTES;
  for (const event of events) size += rowBytes(event);
  const buffer = Buffer.allocUnsafe(size);
  let at = HEADER.copy(buffer);
  for (const index of order) at = writeRow(buffer, at, events[index]!, firstSeq + index, lane);
  at = buffer.writeInt16BE(-1, at);
  return buffer.subarray(0, at);
}

/** Two writers with the same ids then wait for each other in one order, never in a circle. */
function sortByKey(events: readonly Event[]): number[] {
  const order = events.map((_, index) => index);
  const sorted = events.every((event, index) => index === 0 || events[index - 1]!.id <= event.id);
  return sorted ? order : order.sort((a, b) => (events[a]!.id < events[b]!.id ? -1 : 1));
}

/** An upper bound: UTF-8 has at most three bytes for each unit of a string. */
function rowBytes({ address, userAgent, referrer, page }: Event): number {
  const texts = (userAgent?.length ?? 0) + (referrer?.length ?? 0) + (page?.length ?? 0);
  return (
    FIXED_BYTES + 3 * texts + (address ? NETWORK_BYTES + address.hash.length + address.sealed.length : 0)
  );
}

function writeRow(buffer: Buffer, start: number, event: Event, seq: number, lane: number): number {
  const { verdict, address } = event;
  let at = buffer.writeInt16BE(FIELDS, start);
  at = writeUuid(buffer, at, event.id);
  at = writeUuid(buffer, at, event.actor);
  at = writeLong(buffer, at, seq);
  at = writeLong(buffer, at, event.subject.id);
  at = writeLong(buffer, at, (event.occurredAt - POSTGRES_EPOCH_MS) * 1_000);
  at = writeLong(buffer, at, (event.receivedAt - POSTGRES_EPOCH_MS) * 1_000);
  at = buffer.writeInt32BE(event.day, buffer.writeInt32BE(4, at));
  at = writeInt2(buffer, at, lane);
  at = writeInt2(buffer, at, SUBJECT_KINDS[event.subject.kind]);
  at = writeInt2(buffer, at, EVENT_TYPES[event.type]);
  at = writeInt2(buffer, at, verdict.valid ? 0 : RULES[verdict.rule]);
  at = writeInt2(buffer, at, verdict.valid ? 0 : verdict.ruleVersion);
  at = writeInt2(buffer, at, event.flags | (event.member ? MEMBER_BIT : 0));
  at = writeInt2(buffer, at, EVENT_SOURCES[event.source]);
  at = writeBytes(buffer, at, address && encodeNetwork(address.network));
  at = writeBytes(buffer, at, address?.hash);
  at = writeBytes(buffer, at, address?.sealed);
  at = writeText(buffer, at, event.userAgent);
  at = writeText(buffer, at, event.referrer);
  return writeText(buffer, at, event.page);
}

function writeUuid(buffer: Buffer, start: number, id: string): number {
  let at = buffer.writeInt32BE(16, start);
  for (let index = 0; index < 8; index += 1) {
    const four = fourOf(id, index);
    buffer[at] = four >> 8;
    buffer[at + 1] = four;
    at += 2;
  }
  return at;
}

function writeInt2(buffer: Buffer, at: number, value: number): number {
  return buffer.writeInt16BE(value, buffer.writeInt32BE(2, at));
}

function writeLong(buffer: Buffer, start: number, value: number): number {
  const at = buffer.writeInt32BE(8, start);
  writeInt8(buffer, value, at);
  return at + 8;
}

function writeBytes(buffer: Buffer, start: number, value: Buffer | undefined): number {
  if (value === undefined) return buffer.writeInt32BE(-1, start);
  const at = buffer.writeInt32BE(value.length, start);
  return at + value.copy(buffer, at);
}

function writeText(buffer: Buffer, start: number, value: string | undefined): number {
  if (value === undefined) return buffer.writeInt32BE(-1, start);
  const written = buffer.write(value, start + 4);
  buffer.writeInt32BE(written, start);
  return start + 4 + written;
}

const networks = new Map<string, Buffer>();
const NETWORKS_KEPT = 10_000;

/** The binary form of `cidr` (inet_recv): family, prefix, 1, number of bytes, bytes. Visitors share networks: remembered. */
function encodeNetwork(text: string): Buffer {
  const known = networks.get(text);
  if (known) return known;
  const [address, bits] = ipaddr.parseCIDR(text);
  const bytes = address.toByteArray();
  const family = address.kind() === 'ipv4' ? AF_INET : AF_INET6;
  const encoded = Buffer.from([family, bits, 1, bytes.length, ...bytes]);
  if (networks.size >= NETWORKS_KEPT) networks.clear();
  networks.set(text, encoded);
  return encoded;
}
