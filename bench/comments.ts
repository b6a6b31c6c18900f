import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from '../src/db/pool.ts';
import { createClient } from '../test/support/weir.ts';
import { shoot } from './clients.ts';
import { countDue, countTold, fillThread } from './comments.queries.ts';
import { type Board, measureReads, measureWrites, NEW_POST, withBoard } from './community.ts';
import { type Figure, type Round, type Row, toRow } from './figure.ts';

const COMMENTERS = 10_000;
/** Writers that post all the time, far below what the server could take: what is looked at is how long each post takes. */
const WRITERS = 4;
const LIMIT_MS = 10_000;

/** Comments beside a bare server; and posts that are written while a long thread is told of a comment. */
export const comments: Figure = {
  name: 'comments',
  uses: ['postgres'],
  run: (bench) =>
    withBoard(bench, async (board) => {
      const { database, server, path } = board;
      const { username } = server.weir.admin;
      const thread = await fillThread(database.db, board.id, username, 1_000);
      const written = await fillThread(database.db, board.id, username, 0);
      const reads = await measureReads(board, 'a page of 20 comments', `${path}/posts/${thread}/comments`);
      // Before thousands of new comments have their own people to tell.
      const telling = await measureTelling(board);
      return [
        reads,
        await measureWrites(board, 'new comments on one post', `${path}/posts/${written}/comments`, {
          content: 'What people **answer**. '.repeat(4),
        }),
        ...telling,
      ];
    }),
};

/** In turns: posts alone, and posts while ten thousand people are told of a comment. */
async function measureTelling(board: Board): Promise<Row[]> {
  const { bench, database, client, path, server } = board;
  const quiet: Round[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < bench.plan.rounds; round += 1) {
    bench.progress(round, bench.plan.rounds, 'a thread of 10,000');
    const thread = await fillThread(database.db, board.id, server.weir.admin.username, COMMENTERS);
    await settle(database.db);
    const alone = await writePosts(board);
    await settle(database.db);
    const told = tell(board, thread);
    await client('POST', `${path}/posts/${thread}/comments`, { content: 'to all of you' });
    const beside = await writePosts(board);
    seconds.push(await told);
    quiet.push({ floor: alone, weir: beside });
  }
  const slowest = Math.max(...seconds);
  return [
    toRow({
      title: 'p99 of new posts while 10,000 are told, beside the same posts alone',
      unit: 'ms',
      rounds: quiet,
      bar: { side: 'most', value: 1.2 },
      notes: [
        `all ${COMMENTERS} told within ${seconds.map((one) => one.toFixed(1)).join(', ')} s of the comment`,
        ...(slowest * 1_000 > LIMIT_MS ? ['that is too long: 10 s are promised'] : []),
      ],
    }),
  ];
}

async function writePosts({ bench, server, path }: Board): Promise<number> {
  const { body } = await createClient(server.weir.url, {})('POST', '/api/token/pair', server.weir.admin);
  const { p99 } = await shoot({
    url: server.weir.url,
    method: 'POST',
    path: `${path}/posts`,
    body: JSON.stringify(NEW_POST),
    headers: { authorization: `Bearer ${body.access}` },
    connections: WRITERS,
    seconds: bench.plan.seconds,
  });
  return p99;
}

/** What was written before is indexed and told. */
async function settle(db: Db): Promise<void> {
  while ((await countDue(db)) > 0) await pause(200);
}

/** Seconds from now until everybody is told. */
async function tell({ database }: Board, thread: number): Promise<number> {
  const startedAt = performance.now();
  while ((await countTold(database.db, thread)) < COMMENTERS) {
    if (performance.now() - startedAt > 6 * LIMIT_MS)
      throw new Error('the thread was not told within a minute');
    await pause(100);
  }
  return (performance.now() - startedAt) / 1_000;
}
