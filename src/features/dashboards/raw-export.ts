import { Readable } from 'node:stream';
import type { ReadAddresses } from '../../pipeline/ingest/index.ts';
import type { RawEvent, RawFilter, RawStore } from '../../ports/raw-store.ts';

const PAGE = 1_000;
const PUBLIC_COLUMNS = [
  'event_id',
  'type',
  'occurred_at',
  'received_at',
  'verdict',
  'rule',
  'rule_version',
  'flags',
] as const;
const ADMIN_COLUMNS = [...PUBLIC_COLUMNS, 'actor', 'network', 'address'] as const;

export type RawRow = Readonly<Record<string, unknown>>;

/** What a viewer may see of raw events: actor, network and address are an admin's, who brings the reader of addresses. */
export async function toRawRows(
  events: readonly RawEvent[],
  readAddresses: ReadAddresses | undefined,
): Promise<readonly RawRow[]> {
  const addresses = await readAddresses?.(events);
  return events.map((event, index) => {
    const { actor, network, address_sealed: _sealed, ...open } = event;
    return addresses ? { ...open, actor, network, address: addresses[index] } : open;
  });
}

/** A whole export, page by page: memory holds one page, and a slow reader slows the reading. */
export function streamExport(
  raw: RawStore,
  filter: RawFilter,
  format: 'csv' | 'ndjson',
  readAddresses: ReadAddresses | undefined,
): Readable {
  return Readable.from(lines(raw, filter, format, readAddresses));
}

async function* lines(
  raw: RawStore,
  filter: RawFilter,
  format: 'csv' | 'ndjson',
  readAddresses: ReadAddresses | undefined,
): AsyncGenerator<string> {
  const columns: readonly string[] = readAddresses ? ADMIN_COLUMNS : PUBLIC_COLUMNS;
  if (format === 'csv') yield `${columns.join(',')}\r\n`;
  for (let after = filter.after; ; ) {
    const events = await raw.listEvents({ ...filter, after }, PAGE);
    const rows = await toRawRows(events, readAddresses);
    if (rows.length > 0) {
      yield format === 'csv'
        ? rows.map((row) => toCsv(row, columns)).join('')
        : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    }
    const last = events.at(-1);
    if (!last || events.length < PAGE) return;
    after = { occurredAt: last.occurred_at, eventId: last.event_id };
  }
}

function toCsv(row: RawRow, columns: readonly string[]): string {
  return `${columns.map((name) => toCell(row[name])).join(',')}\r\n`;
}

/** RFC 4180. No cell here begins with a sign that a spreadsheet would run: all are ids, codes and instants. */
function toCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text =
    value instanceof Date ? value.toISOString() : Array.isArray(value) ? value.join(' ') : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
