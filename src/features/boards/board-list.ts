import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache, type ReadCache } from '../../kit/read-cache.ts';
import { listBoards } from './boards.queries.ts';
import { readRolesOf, toBoard } from './boards.service.ts';

/** Boards of one answer. A site has few; more come by the Link header. */
const PAGE = 100;

export interface BoardListPage {
  /** JSON. */
  readonly body: string;
  /** The last board of a full page. */
  readonly nextId: number | undefined;
}

/** Names one answer: what the viewer may read, who it is where that matters, and the board it begins behind. */
export function toListKey(viewer: Viewer | undefined, lastId: number | undefined): string {
  const isAdmin = viewer?.roles.includes('admin');
  return [readRolesOf(viewer).join(' '), isAdmin ? '' : (viewer?.memberId ?? ''), lastId ?? ''].join('|');
}

/** The list of boards, at most a second old. Any change of any board is one group. */
export function createBoardList(db: Db, clock: Clock, log: Logger): ReadCache<string, BoardListPage, string> {
  async function read(key: string): Promise<[string, BoardListPage]> {
    const [roles, memberId, lastId] = key.split('|');
    const rows = await listBoards(db, {
      readRoles: roles!.split(' '),
      memberId: memberId === '' ? undefined : Number(memberId),
      after: lastId === '' ? undefined : Number(lastId),
      limit: PAGE,
    });
    const nextId = rows.length === PAGE ? rows.at(-1)!.id : undefined;
    return [key, { body: JSON.stringify(rows.map(toBoard)), nextId }];
  }
  return createReadCache<string, BoardListPage, string>({
    what: 'boards',
    read: async (keys) => new Map(await Promise.all(keys.map(read))),
    groupOf: () => '',
    maxEntries: 1_000,
    maxBytes: 16 * 2 ** 20,
    sizeOf: ({ body }) => 2 * body.length,
    clock,
    log,
  });
}
