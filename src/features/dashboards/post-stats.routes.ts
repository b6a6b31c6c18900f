import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { Type } from 'typebox';
import { requireOwner, requireViewer, STAFF } from '../../http/policy.ts';
import { getKnownPost, type Posts } from '../posts/index.ts';
import { Stats } from './dashboards.schemas.ts';
import { answerStats, type StatsDeps, StatsQuery } from './stats-answer.ts';

const Id = Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 });
const PostParams = Type.Object({ b: Id, p: Id });
const { campaign_id: _campaign, ...figures } = Stats.properties;
const PostStats = Type.Object({ post_id: Type.Integer(), ...figures });

interface PostStatsDeps extends StatsDeps {
  readonly posts: Pick<Posts, 'boards' | 'posts'>;
}

/** The numbers of a post: by the same counters and sets as a campaign's. */
export function registerPostStats(app: FastifyInstance, deps: PostStatsDeps): void {
  app.get(
    '/api/boards/:b/posts/:p/stats',
    {
      schema: {
        summary: 'Numbers of one post',
        tags: ['Numbers'],
        params: PostParams,
        querystring: StatsQuery,
        response: { 200: PostStats },
      },
      config: { policy: 'owner-or-staff' },
    },
    async (request: FastifyRequest) => {
      requireViewer(request.viewer);
      const params = request.params as Static<typeof PostParams>;
      const { row } = await getKnownPost(deps.posts, params, request.viewer);
      requireOwner(request.viewer, row.author_id, STAFF);
      const query = request.query as Static<typeof StatsQuery>;
      return { post_id: row.id, ...(await answerStats({ kind: 'post', id: row.id }, query, deps)) };
    },
  );
}
