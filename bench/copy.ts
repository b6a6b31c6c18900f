import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { dayOfEventId, newEventId } from '../src/events/event-id.ts';

const ROWS = 100_000;
const CHUNK = 500;
const COLUMNS =
  'event_id, actor, seq, subject_id, occurred_at, received_at, day, lane, subject_kind, type, rule, rule_version, flags, source, network, address_hash, address_sealed, user_agent';

export interface CopyFloor {
  /** Rows a second of one COPY into a fresh table, its commit included. */
  readonly run: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** PostgreSQL's fastest way in: the same columns with the same contents, and the primary key; no other index. */
export async function openCopyFloor(url: string): Promise<CopyFloor> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    run: async () => {
      await client.query('drop table if exists bench_copy');
      await client.query(
        'create table bench_copy (like event_log including defaults, primary key (event_id, day))',
      );
      const chunks = makeChunks();
      const startedAt = performance.now();
      await pipeline(
        Readable.from(chunks),
        client.query(copyFrom(`copy bench_copy (${COLUMNS}) from stdin`)),
      );
      const seconds = (performance.now() - startedAt) / 1_000;
      await client.query('drop table bench_copy');
      return ROWS / seconds;
    },
    close: () => client.end(),
  };
}

function makeChunks(): Buffer[] {
  const now = new Date().toISOString();
  const actor = '6d1b1f6e-9a5e-8c1e-9c53-0f6a2b8f8d11';
  const address = `198.51.100.0/24\t\\\\x${randomBytes(8).toString('hex')}\t\\\\x${randomBytes(16).toString('hex')}`;
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  return Array.from({ length: ROWS / CHUNK }, (_, chunk) => {
    let text = '';
    for (let row = 0; row < CHUNK; row += 1) {
      const id = newEventId();
      const seq = chunk * CHUNK + row;
      text += `${id}\t${actor}\t${seq}\t1\t${now}\t${now}\t${dayOfEventId(id)}\t1\t1\t1\t0\t0\t0\t1\t${address}\t${agent}\n`;
    }
    return Buffer.from(text);
  });
}
