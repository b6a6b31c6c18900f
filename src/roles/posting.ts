import type { FastifyInstance } from 'fastify';
import type { Engines } from '../compose.ts';
import { createBoardCache, createBoardList, registerBoardRoutes } from '../features/boards/index.ts';
import { createTextRules, type TextRules } from '../features/moderation/index.ts';
import {
  createPostCache,
  createPostGroups,
  createPostPages,
  createRenderer,
  isPublic,
  type KeywordSearch,
  type Posts,
  registerPostActRoutes,
  registerPostRoutes,
} from '../features/posts/index.ts';
import { systemClock } from '../kit/clock.ts';
import type { Ingest } from '../pipeline/ingest/index.ts';

/** What boards and posts are read and written by, in this process; comments and search meet it here. */
export interface Posting extends Posts {
  readonly boardList: ReturnType<typeof createBoardList>;
  readonly rules: TextRules;
}

type PostingEngines = Pick<Engines, 'db' | 'logger' | 'lifecycle'> & {
  readonly config: Pick<Engines['config'], 'rateLimits'>;
};

export function openPosting({ config, db, logger, lifecycle }: PostingEngines): Posting {
  const rules = createTextRules(db, systemClock, logger);
  const posting = {
    db,
    boards: createBoardCache(db, systemClock, logger),
    boardList: createBoardList(db, systemClock, logger),
    posts: createPostCache(db, systemClock, logger),
    pages: createPostPages(db, systemClock, logger),
    groups: createPostGroups(db, systemClock, { limited: config.rateLimits }),
    renderer: createRenderer(),
    rules,
    judgeText: rules.judge,
  };
  lifecycle.onClose('boards and posts', async () => {
    const { boards, boardList, posts, pages, groups, renderer } = posting;
    await Promise.all([boards, boardList, posts, pages, groups, renderer, rules].map((part) => part.close()));
  });
  return posting;
}

interface PostingDeps {
  readonly config: Pick<Engines['config'], 'boardsCreatedBy' | 'requirePrecondition'>;
  readonly posting: Posting;
  readonly ingest: Ingest;
  readonly findVisitor: Parameters<typeof registerPostRoutes>[1]['findVisitor'];
  readonly search: KeywordSearch | undefined;
}

export function registerPostingRoutes(app: FastifyInstance, deps: PostingDeps): void {
  const { config, posting, ingest, findVisitor, search } = deps;
  const { db, boards, boardList, posts, pages, groups, renderer, judgeText } = posting;
  registerBoardRoutes(app, { db, boards, boardList, boardsCreatedBy: config.boardsCreatedBy });
  const shared = { db, boards, posts, pages, groups, renderer, judgeText };
  const { requirePrecondition } = config;
  registerPostRoutes(app, { ...shared, ingest, findVisitor, requirePrecondition, search });
  registerPostActRoutes(app, shared);
}

/** Whether a post is there for all to see: what its view is judged by. */
export function findPublicPost({ posts }: Pick<Posting, 'posts'>, id: number): boolean | Promise<boolean> {
  const found = posts.get(id);
  if (found instanceof Promise) return found.then((post) => post !== undefined && isPublic(post.row));
  return found !== undefined && isPublic(found.row);
}
