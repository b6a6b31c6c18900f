import { UNDATED } from '../../events/event-id.ts';
import {
  BLOCK_ROWS,
  type BlockPlace,
  type LogEnd,
  type RowBlock,
  type RowsToDigest,
} from '../../ports/raw-store.ts';
import { report, type Steps } from './check-steps.ts';
import { type Finding, findClock, findPass, markPass, settleUnseen } from './findings.queries.ts';
import { findLoggedDays, inStoreSnapshot, type LoggedDay, type Recorded, withEveryLane } from './recorded.ts';
import { digestLogBlocks } from './row-digests.queries.ts';

const DAY_MS = 86_400_000;
const PASS = 'raw store';
/** Rows that are compared one by one at one go, on this process's own time. */
const ROWS_AT_ONCE = 500;
/** Blocks of one piece that are looked at row by row; of further ones it is only said that they differ. */
const BLOCKS_SHOWN = 16;

/** What one digest of both stores is about: a day, or a part of the undated rows by day of receipt. */
interface Piece extends Pick<RowsToDigest, 'receivedFrom' | 'receivedTo'> {
  readonly day: number;
}

/** Rows of yesterday and today, and undated ones that came since: in the raw store as the log has them. */
export async function checkRecentRecorded(steps: Steps, recorded: Recorded): Promise<void> {
  const today = Math.floor(steps.now() / DAY_MS);
  const logged = new Set((await findLogged(steps)).map(({ day }) => day));
  const since = new Date(steps.now() - DAY_MS);
  const pieces: Piece[] = [{ day: UNDATED, receivedFrom: since }];
  for (const day of [today - 1, today, today + 1]) if (logged.has(day)) pieces.push({ day });
  for (const piece of pieces) await checkPiece(steps, recorded, piece);
}

/** One pass over every day of the log, and over what the store has of days that the log never had. */
export async function checkOlderRecorded(steps: Steps, recorded: Recorded): Promise<void> {
  const { db } = steps;
  const begunAt = await findClock(db);
  const logged = await findLogged(steps);
  await reportUnlogged(steps, recorded, logged);
  const pieces = toPieces(logged, steps.now());
  const cursor = (await findPass(db, PASS))?.cursor ?? 0;
  const first = pieces.findIndex((piece) => keyOf(piece) > cursor);
  for (const [at, piece] of pieces.entries()) {
    if (at < first) continue;
    await checkPiece(steps, recorded, piece);
    const finished = at + 1 === pieces.length;
    await markPass(db, PASS, {
      cursor: finished ? 0 : keyOf(piece),
      done: at + 1,
      total: pieces.length,
      finished,
    });
  }
  if (first <= 0) await settleUnseen(db, ['raw_store'], begunAt);
  else await checkOlderRecorded(steps, recorded);
}

const findLogged = ({ db }: Steps) => db.transaction(findLoggedDays);

/** The undated by day of receipt, then the days; what says that it came before or after all that is not left out. */
function toPieces(logged: readonly LoggedDay[], now: number): Piece[] {
  const pieces: Piece[] = [];
  const today = Math.floor(now / DAY_MS);
  for (const { day, firstUndated } of logged) {
    if (day !== UNDATED) pieces.push({ day });
    if (!firstUndated) continue;
    const oldest = Math.min(today, Math.floor(firstUndated.receivedAt.getTime() / DAY_MS));
    for (let received = oldest; received <= today; received += 1) {
      pieces.push({
        day: UNDATED,
        receivedFrom: received === oldest ? undefined : new Date(received * DAY_MS),
        receivedTo: received === today ? undefined : new Date((received + 1) * DAY_MS),
      });
    }
  }
  return pieces.toSorted((a, b) => keyOf(a) - keyOf(b));
}

/** Where a pass is: a later start of the process goes on behind it. */
function keyOf({ day, receivedTo }: Piece): number {
  if (day !== UNDATED) return 1_000_000 + day;
  return receivedTo ? receivedTo.getTime() / DAY_MS : 999_999;
}

/** Days before the oldest of the log are about to be removed from the store too. */
async function reportUnlogged(steps: Steps, recorded: Recorded, logged: readonly LoggedDay[]): Promise<void> {
  const known = new Set(logged.map(({ day }) => day));
  const oldest = Math.min(...[...known].filter((day) => day !== UNDATED));
  for (const day of await recorded.recording.listDays()) {
    if (day === UNDATED || day < oldest || known.has(day)) continue;
    const ends = await recorded.readEnds();
    const rows = await steps.step(() =>
      withEveryLane(recorded.log, ends, (every) => recorded.recording.countDay(day, every)),
    );
    const [now] = await findLogged(steps).then((days) => days.filter((one) => one.day === day));
    if (rows > 0 && !now) await report(steps, 'raw_store', [{ key: toDate(day), detail: { added: rows } }]);
  }
}

async function checkPiece(steps: Steps, recorded: Recorded, piece: Piece): Promise<void> {
  await steps.step(async () => {
    const ends = await recorded.readEnds();
    const findings = await inStoreSnapshot(steps.db, async (tx) => {
      const logged = (await findLoggedDays(tx)).find(({ day }) => day === piece.day);
      // The partition of a day may be gone since: then the store's rows of it are about to go.
      if (!logged && piece.day !== UNDATED) return [];
      const rows = { ...piece, ends, firstUndated: logged?.firstUndated };
      const kept = await digestLogBlocks(tx, recorded.log.identity, rows);
      const found = await withEveryLane(recorded.log, ends, (every) =>
        digestStore(recorded, { ...rows, ends: every }),
      );
      return explain(recorded, piece.day, ends, findDiffering(kept, found));
    });
    await report(steps, 'raw_store', findings);
  });
}

async function digestStore({ recording }: Recorded, rows: RowsToDigest): Promise<RowBlock[]> {
  const found: RowBlock[] = [];
  for await (const blocks of recording.digestBlocks(rows)) found.push(...blocks);
  return found;
}

interface DifferingBlock extends BlockPlace {
  readonly logged: number;
  readonly found: number;
}

function findDiffering(logged: readonly RowBlock[], found: readonly RowBlock[]): DifferingBlock[] {
  const keyOfBlock = ({ log, partition, block }: BlockPlace) => `${partition} ${block} ${log}`;
  const inStore = Map.groupBy(found, keyOfBlock);
  const known = new Set(logged.map(keyOfBlock));
  const differing = logged.flatMap((block) => {
    const [other, ...more] = inStore.get(keyOfBlock(block)) ?? [];
    if (other && more.length === 0 && other.rows === block.rows && other.digest === block.digest) return [];
    return [{ ...block, logged: block.rows, found: other?.rows ?? 0 }];
  });
  const added = found.filter((block) => !known.has(keyOfBlock(block)));
  return [...differing, ...added.map((block) => ({ ...block, logged: 0, found: block.rows }))];
}

/** Names the rows, where it is about few blocks. What is no difference by the time of the second look is none. */
async function explain(
  recorded: Recorded,
  day: number,
  ends: readonly LogEnd[],
  differing: readonly DifferingBlock[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [at, block] of differing.entries()) {
    const { log, partition, logged, found } = block;
    const end = ends.find((one) => one.log === log && one.partition === partition);
    if (end && at < BLOCKS_SHOWN) findings.push(...(await compareBlock(recorded, day, end, block)));
    else findings.push({ key: `${toDate(day)}, ${describe(block)}`, detail: { logged, found } });
  }
  return findings;
}

function describe({ log, partition, block }: BlockPlace): string {
  if (block < 0) return 'at no place of a log';
  return `${log} ${partition}, ${block * BLOCK_ROWS + 1} to ${(block + 1) * BLOCK_ROWS}`;
}

/** The store's ids first: what it has by then is in the log when that is read. */
async function compareBlock(
  { recording, log, listParked }: Recorded,
  day: number,
  end: LogEnd,
  block: BlockPlace,
): Promise<Finding[]> {
  const last = (block.block + 1) * BLOCK_ROWS;
  const added = new Set(await recording.listIds(day, block));
  const parked = await listParked();
  const findings: Finding[] = [];
  const toFinding = (id: string, problem: string) => ({
    key: `${toDate(day)}, event ${id}`,
    detail: { problem, partition: end.partition },
  });
  for (let after = block.block * BLOCK_ROWS; after < last; ) {
    const { events, upTo, count } = await log.read(end.partition, after, ROWS_AT_ONCE);
    if (count === 0) break;
    after = upTo;
    const own = events.filter(({ event, position }) => event.day === day && position <= last);
    for (const { event } of own) added.delete(event.id);
    const recordedOnes = own.filter(({ position }) => position <= end.position);
    for (const { eventId, problem } of await recording.check(end, recordedOnes))
      if (!(problem === 'missing' && parked.has(eventId))) findings.push(toFinding(eventId, problem));
  }
  return [...findings, ...[...added].map((id) => toFinding(id, 'added'))];
}

const toDate = (day: number) =>
  day === UNDATED ? 'undated' : new Date(day * DAY_MS).toISOString().slice(0, 10);
