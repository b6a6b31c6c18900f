import { type Client, createClient, signIn } from '../test/support/weir.ts';
import { shoot } from './clients.ts';
import { fillBoard, findPlaced } from './community.queries.ts';
import { alternate, type Bench, type Figure, median, type Round, type Row, toRow } from './figure.ts';
import { type LoadedServer, startServer } from './resources.ts';
import type { ScratchDatabase } from './scratch-postgres.ts';

const CONNECTIONS = 64;
const POSTS = 100_000;
const PAGE = 10;
const DEEP = 1_000;
const PAGES = 200;
export const NEW_POST = { title: 'A new post', content: 'What people **write**. '.repeat(10) };

export interface Board {
  readonly bench: Bench;
  readonly server: LoadedServer;
  readonly database: ScratchDatabase;
  readonly client: Client;
  readonly path: string;
  readonly id: number;
}

/** Boards and posts beside a bare server that answers bodies of the same size, or parses the same JSON and keeps nothing. */
export const community: Figure = {
  name: 'community',
  uses: ['postgres'],
  run: (bench) =>
    withBoard(bench, async (board) => {
      const { database, server, path } = board;
      bench.progress(0, 1, `writing ${POSTS} posts`);
      const middle = await fillBoard(database.db, board.id, server.weir.admin.username, POSTS);
      return [
        await measureReads(board, 'a post, its view counted', `${path}/posts/${middle}`),
        await measureReads(board, 'a board’s list', `${path}/posts`),
        await measureWrites(board, 'new posts on one board', `${path}/posts`, NEW_POST),
        await measurePages(board),
      ];
    }),
};

/** A board of its own on a server and a database of its own. */
export async function withBoard(bench: Bench, measure: (board: Board) => Promise<Row[]>): Promise<Row[]> {
  const postgres = await bench.resources.postgres.open(bench.progress);
  const database = await postgres.openDatabase();
  const server = await startServer({ DATABASE_URL: database.url });
  try {
    const client = await signIn(server.weir.url, server.weir.admin);
    const { body } = await client('POST', '/api/boards', { title: 'bench', description: 'A board.' });
    const id = body.id as number;
    return await measure({ bench, server, database, client, path: `/api/boards/${id}`, id });
  } finally {
    await server.close();
    await database.close();
  }
}

export async function measureReads(
  { bench, server, client }: Pick<Board, 'bench' | 'server' | 'client'>,
  title: string,
  path: string,
): Promise<Row> {
  const bytes = Buffer.byteLength(JSON.stringify((await client('GET', path)).body));
  const run = (url: string, at: string) =>
    shoot({ url, method: 'GET', path: at, connections: CONNECTIONS, seconds: bench.plan.seconds });
  const samples = await alternate(
    bench,
    title,
    () => server.settle().then(() => run(server.floorUrl, `/bytes/${bytes}`)),
    () => run(server.weir.url, path),
  );
  return toRow({
    title,
    unit: 'requests/s',
    rounds: samples.map(({ floor, weir }) => ({ floor: floor.rate, weir: weir.rate })),
    bar: { side: 'least', value: 0.35 },
    notes: [
      `${bytes} bytes an answer, p99 of the rounds: ${samples.map(({ weir }) => weir.p99).join(', ')} ms`,
    ],
  });
}

export async function measureWrites(
  { bench, server }: Pick<Board, 'bench' | 'server'>,
  title: string,
  path: string,
  what: object,
): Promise<Row> {
  const { body } = await createClient(server.weir.url, {})('POST', '/api/token/pair', server.weir.admin);
  const headers = { authorization: `Bearer ${body.access}` };
  const run = (url: string) =>
    shoot({
      url,
      method: 'POST',
      path,
      body: JSON.stringify(what),
      headers,
      connections: CONNECTIONS,
      seconds: bench.plan.seconds,
    });
  const samples = await alternate(
    bench,
    title,
    () => run(server.floorUrl),
    () => run(server.weir.url),
  );
  return toRow({
    title,
    unit: 'requests/s',
    rounds: samples.map(({ floor, weir }) => ({ floor: floor.rate, weir: weir.rate })),
    bar: { side: 'least', value: 0.1 },
    notes: [
      `durable, with what they make due; p99 of the rounds: ${samples.map(({ weir }) => weir.p99).join(', ')} ms`,
    ],
  });
}

/** Pages that no cache has seen, near the newest posts and a thousand pages down, one request at a time, in turns. */
async function measurePages({ bench, database, client, path, id }: Board): Promise<Row> {
  const rounds: Round[] = [];
  for (let round = 0; round < bench.plan.rounds; round += 1) {
    const places = (pages: number) =>
      Array.from({ length: PAGES }, (_, at) => POSTS - pages * PAGE - round * PAGES - at);
    const [near, deep] = await Promise.all(
      [1, DEEP].map((pages) => findPlaced(database.db, id, places(pages))),
    );
    const took = { near: [] as number[], deep: [] as number[] };
    for (let at = 0; at < PAGES; at += 1)
      for (const [name, ids] of [
        ['near', near!],
        ['deep', deep!],
      ] as const) {
        const startedAt = performance.now();
        const { body } = await client('GET', `${path}/posts?last_id=${ids[at]}`);
        if (body.length !== PAGE) throw new Error(`a page of ${body.length} posts`);
        took[name].push(performance.now() - startedAt);
      }
    rounds.push({ floor: median(took.near), weir: median(took.deep) });
  }
  return toRow({
    title: `page ${DEEP} of a list beside page 1`,
    unit: 'ms',
    rounds,
    bar: { side: 'most', value: 1.2 },
    notes: ['each page asked for the first time: no cache has it'],
  });
}
