import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { toUuid8 } from '../ingest/index.ts';
import type { LineBatch } from './line-batch.ts';
import { openLineFeed } from './line-feed.ts';
import { ID_LENGTH } from './line-ids.ts';
import { openLogFile } from './line-reader.ts';
import { readBatches } from './read-batches.ts';
import { DEFAULT_RULES } from './rules.ts';

const idKey = Buffer.alloc(32, 7);
const CHUNK_BYTES = 262_144;
const DAY_MS = 86_400_000;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-batches-'));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Line {
  readonly host: string;
  readonly at: number;
  readonly page: string;
  readonly referrer: string;
  readonly agent: string;
}

function toText({ host, at, page, referrer, agent }: Line): string {
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ');
  return `${host} - - [${day}/${month}/${year}:${time} +0000] "GET ${page} HTTP/1.1" 200 12 "${referrer || '-'}" "${agent || '-'}"`;
}

/** The latest first, each line twice or three times in a row, so that copies lie on both sides of every edge of a chunk. */
function makeLines(count: number): Line[] {
  return Array.from({ length: count }, (_, index) => {
    const one = Math.floor(index / 2.5);
    return {
      host: `198.51.100.${one % 7}`,
      at: Date.UTC(2015, 4, 20) - one * 60_000,
      page: `/a/${one}`,
      referrer: one % 3 ? `http://x.test/${'é'.repeat(one % 5)}` : '',
      agent: one % 4 ? `Mozilla/5.0 (${one % 9})` : '',
    };
  });
}

/** Events as they read, from the arrays of a batch. */
function listEvents(batch: LineBatch) {
  const texts = Buffer.from(batch.texts.buffer);
  const ids = Buffer.from(batch.ids.buffer);
  const text = (spans: Uint32Array, at: number) => texts.toString('utf8', spans[at], spans[at + 1]);
  return Array.from({ length: batch.events }, (_, place) => {
    const client = batch.clientOf[place]!;
    return {
      number: batch.lineNumbers[place],
      id: ids.toString('latin1', place * ID_LENGTH, (place + 1) * ID_LENGTH),
      host: text(batch.clientTexts, client * 3),
      agent: text(batch.clientTexts, client * 3 + 1),
      day: batch.clientDays[client],
      page: text(batch.eventTexts, place * 3),
      referrer: text(batch.eventTexts, place * 3 + 1),
      at: batch.times[place],
      campaign: batch.matches[batch.matchOf[place]!]!.campaign,
    };
  });
}

function listExpected(lines: readonly Line[]) {
  const seen = new Map<string, number>();
  return lines.map((line, index) => {
    const digest = createHash('sha256').update(idKey).update(toText(line)).digest();
    const ordinal = seen.get(toText(line)) ?? 0;
    seen.set(toText(line), ordinal + 1);
    const again = () => createHash('sha256').update(idKey).update(digest).update(`#${ordinal}`).digest();
    const id = toUuid8(ordinal === 0 ? digest : again());
    return { number: index + 1, id, ...line, day: Math.floor(line.at / DAY_MS), campaign: '/a' };
  });
}

async function collect(batches: AsyncIterable<LineBatch>): Promise<LineBatch[]> {
  const all: LineBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

async function openLog(name: string, content: string | Buffer) {
  const path = join(folder, name);
  await writeFile(path, content);
  return { file: await openLogFile(path), rules: DEFAULT_RULES, idKey };
}

describe('the batches of a log', () => {
  test('hold every event once, with the id of its line, over the edges of chunks and out of order', async () => {
    const lines = makeLines(9_000);
    const content = `${lines.map(toText).join('\n')}\n`;
    assert.ok(Buffer.byteLength(content) > 3 * CHUNK_BYTES);
    const batches = await collect(readBatches(await openLog('plain.log', content)));
    assert.deepEqual(batches.flatMap(listEvents), listExpected(lines));
    for (const batch of batches) {
      const ids = listEvents(batch).map(({ id }) => id);
      assert.deepEqual(
        Array.from(batch.order, (place) => ids[place]),
        ids.toSorted(),
      );
    }
    assert.deepEqual(batches.at(-1)!.reached, { lines: 9_000, events: 9_000, parked: 0, passedOver: 0 });
  });

  test('are the same through the thread that reads a packed log', async () => {
    const lines = makeLines(5_000);
    const feed = openLineFeed(await openLog('packed.gz', gzipSync(lines.map(toText).join('\n'))));
    try {
      assert.deepEqual((await collect(feed.batches())).flatMap(listEvents), listExpected(lines));
    } finally {
      await feed.close();
    }
  });

  test('end early where lines are long, so that memory is bounded by bytes', async () => {
    const noLine = 'x'.repeat(60_000);
    const batches = await collect(readBatches(await openLog('long.log', `${noLine}\n`.repeat(200))));
    const sizes = batches.map(({ bad }) => bad.length).filter((size) => size > 0);
    assert.ok(sizes.length > 1 && Math.max(...sizes) < 100, `batches of ${sizes.join(', ')}`);
    assert.equal(batches.at(-1)!.reached.parked, 200);
  });
});

describe('the thread that reads a log', () => {
  test('that fails is no end of the log', async () => {
    const file = { path: join(folder, 'gone.log'), size: 10, packed: false };
    const feed = openLineFeed({ file, rules: DEFAULT_RULES, idKey });
    await assert.rejects(collect(feed.batches()), /ENOENT/);
    await feed.close();
  });

  test('that is stopped is no end of the log either', async () => {
    const feed = openLineFeed(await openLog('stopped.log', makeLines(60_000).map(toText).join('\n')));
    const batches = feed.batches();
    await batches.next();
    const rest = collect(batches);
    await Promise.all([assert.rejects(rest, /ended before the log did/), feed.close()]);
  });

  test('says what is wrong with a damaged log as the survey does', async () => {
    const packed = gzipSync(makeLines(5_000).map(toText).join('\n'));
    const feed = openLineFeed(await openLog('cut.gz', packed.subarray(0, packed.length >> 1)));
    await assert.rejects(collect(feed.batches()), { name: 'AppError', code: 'invalid' });
    await feed.close();
  });
});
