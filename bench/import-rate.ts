import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { createDaySecrets } from '../src/db/day-secrets.ts';
import { openPostgresLog } from '../src/engines/postgres/postgres-log.ts';
import { findOrInsertImported } from '../src/features/campaigns/index.ts';
import { createMembers } from '../src/features/members/index.ts';
import { systemClock } from '../src/kit/clock.ts';
import { countUntilDry } from '../src/pipeline/aggregate/index.ts';
import { IMPORT_LANES, importLog } from '../src/pipeline/import/index.ts';
import { parseLogLine } from '../src/pipeline/import/log-line.ts';
import { ADMIN } from '../test/support/weir.ts';
import { alternate, type Figure, median, toRow } from './figure.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';
import { benchLog, type ScratchDatabase, type ScratchPostgres } from './scratch-postgres.ts';

const SAMPLE = new URL('../test/data/access-combined.log.gz', import.meta.url);
const SAMPLE_DAYS = 5;
const CHUNK_LINES = 500;

interface Imported {
  /** Lines a second until all are in the log. */
  readonly rate: number;
  readonly events: number;
  readonly countedSeconds: number;
  /** The same events by COPY, a second. */
  readonly keyedRate: number;
}

/**
 * A combined log into the event log, against COPY of the same lines into a table of their fields: what PostgreSQL itself
 * needs for the content, parsed for nothing and without a key. Beside it, its events against COPY of the same rows into a
 * table like the event log with its key: what is left to win where a log is to know its events.
 */
export const importRate: Figure = {
  name: 'import',
  uses: ['postgres'],
  run: async (bench) => {
    const postgres = await bench.resources.postgres.open(bench.progress);
    const dir = makeScratchFolder();
    try {
      const path = join(dir, 'access.log.gz');
      const lines = makeLog(bench.plan.importLines);
      writeFileSync(path, gzipSync(`${lines.join('\n')}\n`, { level: 1 }));
      const chunks = toCopyText(lines);
      const measured = await alternate(
        bench,
        'import',
        () => copyLines(postgres, chunks, lines.length),
        () => importOnce(postgres, path, lines.length),
      );
      const last = measured.at(-1)!.weir;
      return [
        toRow({
          title: 'import of a combined log',
          unit: 'lines/s',
          rounds: measured.map(({ floor, weir }) => ({ floor, weir: weir.rate })),
          bar: { side: 'least', value: 0.4 },
          notes: [
            `${lines.length} lines, ${last.events} of them events; counted in ${last.countedSeconds.toFixed(1)} s afterwards`,
            `zcat | wc -l: ${Math.round(median(Array.from({ length: bench.plan.rounds }, () => readLines(path))))} lines/s`,
          ],
        }),
        toRow({
          title: 'its events, beside COPY of them with their key',
          unit: 'events/s',
          rounds: measured.map(({ weir: { rate, events, keyedRate } }) => ({
            floor: keyedRate,
            weir: (rate * events) / lines.length,
          })),
        }),
      ];
    } finally {
      removeScratchFolder(dir);
    }
  },
};

/** The sample over and over, each time some days later, so that no line comes twice that did not before. */
function makeLog(count: number): string[] {
  const sample = gunzipSync(readFileSync(SAMPLE)).toString('latin1').trimEnd().split('\n');
  return Array.from({ length: count }, (_, at) => {
    const days = SAMPLE_DAYS * Math.floor(at / sample.length);
    return sample[at % sample.length]!.replace(
      /\[(\d\d)\/May\/2015:/,
      (_all, day: string) => `[${toLogDate(Date.UTC(2015, 4, Number(day) + days))}:`,
    );
  });
}

/** `17/May/2015` */
function toLogDate(at: number): string {
  // Sun, 17 May 2015 00:00:00 GMT
  const [, day, month, year] = new Date(at).toUTCString().split(' ');
  return `${day}/${month}/${year}`;
}

function toCopyText(lines: readonly string[]): Buffer[] {
  const rows = lines.flatMap((text) => {
    const parsed = parseLogLine(Buffer.from(text, 'latin1'));
    if (!('line' in parsed)) return [];
    const { host, at, method, target, status, referrer, userAgent } = parsed.line;
    const fields = [host, new Date(at).toISOString(), method, target, String(status), referrer, userAgent];
    return [`${fields.map(escapeField).join('\t')}\n`];
  });
  return Array.from({ length: Math.ceil(rows.length / CHUNK_LINES) }, (_, chunk) =>
    Buffer.from(rows.slice(chunk * CHUNK_LINES, (chunk + 1) * CHUNK_LINES).join('')),
  );
}

function escapeField(text: string | undefined): string {
  return text === undefined ? '\\N' : text.replace(/[\\\t\n\r]/g, (one) => `\\${one}`);
}

async function copyLines(postgres: ScratchPostgres, chunks: readonly Buffer[], lines: number) {
  const database = await postgres.openDatabase();
  try {
    const { client } = await database.connect();
    await client.query(
      'create table bench_lines (host text, at timestamptz, method text, target text, status int2, referrer text, agent text)',
    );
    const startedAt = performance.now();
    await pipeline(Readable.from(chunks), client.query(copyFrom('copy bench_lines from stdin')));
    return (lines / (performance.now() - startedAt)) * 1_000;
  } finally {
    await database.close();
  }
}

/** As `weir import` does it, into a new database; the start of the command is left out. */
async function importOnce(postgres: ScratchPostgres, path: string, lines: number): Promise<Imported> {
  const database = await postgres.openDatabase();
  const { db, url } = database;
  const log = await openPostgresLog({
    ...{ db, directUrl: url, clock: systemClock, log: benchLog },
    writes: true,
    lanes: IMPORT_LANES,
  });
  try {
    const owner = await createMembers({ db }).create(ADMIN);
    const startedAt = performance.now();
    const report = await importLog(
      {
        db,
        log,
        secrets: createDaySecrets(db),
        clock: systemClock,
        findOrCreateCampaign: ({ title, firstAt, lastAt }) =>
          findOrInsertImported(db, owner.id, title, new Date(firstAt), new Date(lastAt + 1)),
      },
      { path, signal: new AbortController().signal },
    );
    const importedAt = performance.now();
    if (report.state !== 'done' || report.lines !== lines)
      throw new Error(`The import is ${report.state} after ${report.lines} of ${lines} lines.`);
    await countUntilDry({ db, log, logger: benchLog });
    const countedAt = performance.now();
    return {
      rate: (lines / (importedAt - startedAt)) * 1_000,
      events: report.events,
      countedSeconds: (countedAt - importedAt) / 1_000,
      keyedRate: await copyEvents(database, report.events),
    };
  } finally {
    await log.close();
    await database.close();
  }
}

/** Rows a second of one COPY of what lies in the event log, into a table like it with the primary key and no other index. */
async function copyEvents(database: ScratchDatabase, events: number): Promise<number> {
  const { client } = await database.connect();
  const chunks: Buffer[] = [];
  const rows = client.query(copyTo('copy (select * from event_log) to stdout (format binary)'));
  for await (const chunk of rows) chunks.push(chunk as Buffer);
  await client.query(
    'create table bench_events (like event_log including defaults, primary key (event_id, day))',
  );
  const startedAt = performance.now();
  await pipeline(
    Readable.from(chunks),
    client.query(copyFrom('copy bench_events from stdin (format binary)')),
  );
  return (events / (performance.now() - startedAt)) * 1_000;
}

function readLines(path: string): number {
  const startedAt = performance.now();
  const lines = Number(execFileSync('sh', ['-c', 'zcat "$1" | wc -l', 'sh', path]).toString());
  return (lines / (performance.now() - startedAt)) * 1_000;
}
