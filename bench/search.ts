import { openPostgresSearch } from '../src/engines/postgres/postgres-search.ts';
import { rebuildSearch } from '../src/pipeline/publish/index.ts';
import { createRandom } from '../src/proof/random.ts';
import { readJudgedQuestions } from '../test/search/judged-questions.ts';
import { readCorpus } from '../test/search/korean-corpus.ts';
import { startWeir } from '../test/support/weir.ts';
import { type Bench, type Figure, median, percentile, type Round, toRow } from './figure.ts';
import { benchLog } from './scratch-postgres.ts';
import { fillPosts, type PostText } from './search-posts.queries.ts';

const POSTS = 100_000;
const LONGEST = 5;
const WARM_UP = 60;

/** The judged questions over HTTP, one after the other, over posts of sentences of the corpus; and the index of them. */
export const search: Figure = {
  name: 'search',
  uses: ['postgres'],
  run: async (bench) => {
    const postgres = await bench.resources.postgres.open(bench.progress);
    const database = await postgres.openDatabase();
    try {
      const { db, url } = database;
      await fillPosts(db, mixPosts());
      const index = openPostgresSearch({ db, maintenance: db, log: benchLog });
      const startedAt = performance.now();
      await rebuildSearch(db, index, {
        signal: new AbortController().signal,
        onProgress: (done, of, text) => bench.progress(done, of, `search: indexing, ${text}`),
      });
      const seconds = (performance.now() - startedAt) / 1_000;
      await index.close();
      await db.query('vacuum analyze');
      return [
        await measureSearch(bench, url),
        toRow({
          title: `search index of ${POSTS} posts built anew`,
          unit: 'posts/s',
          rounds: [{ weir: POSTS / seconds }],
        }),
      ];
    } finally {
      await database.close();
    }
  },
};

/** One sentence as the title, one to five with their answers as the text. */
function mixPosts(): PostText[] {
  const rows = readCorpus();
  const random = createRandom(7);
  const pick = () => rows[Math.floor(random() * rows.length)]!;
  return Array.from({ length: POSTS }, () => {
    const sentences = Array.from({ length: 1 + Math.floor(random() * LONGEST) }, () => {
      const { question, answer } = pick();
      return `<p>${question} ${answer}</p>`;
    });
    return { title: pick().question, html: sentences.join('') };
  });
}

async function measureSearch(bench: Bench, databaseUrl: string) {
  const weir = await startWeir({ env: { DATABASE_URL: databaseUrl, RATE_LIMITS: 'off' } });
  try {
    const questions = readJudgedQuestions().map(({ question }) => question);
    await ask(weir.url, questions.slice(0, WARM_UP));
    const { rounds: count } = bench.plan;
    const rounds: Round[] = [];
    const all: number[] = [];
    for (let round = 0; round < count; round += 1) {
      bench.progress(round, count, `search: round ${round + 1}`);
      const took = await ask(weir.url, questions);
      all.push(...took);
      rounds.push({ weir: percentile(took, 0.95) });
    }
    return toRow({
      title: `search over ${POSTS} Korean posts, p95`,
      unit: 'ms',
      rounds,
      bar: { side: 'most', value: 50 },
      notes: [
        `${questions.length} judged questions a round, 20 posts an answer`,
        `of all: median ${median(all).toFixed(1)} ms, p99 ${percentile(all, 0.99).toFixed(1)} ms, most ${Math.max(...all).toFixed(1)} ms`,
      ],
    });
  } finally {
    await weir.close();
  }
}

/** Milliseconds of each answer, its last byte included. */
async function ask(url: string, questions: readonly string[]): Promise<number[]> {
  const took: number[] = [];
  for (const question of questions) {
    const startedAt = performance.now();
    const answer = await fetch(`${url}/api/search?q=${encodeURIComponent(question)}`);
    const text = await answer.text();
    took.push(performance.now() - startedAt);
    if (!answer.ok) throw new Error(`Searching ${question} answered ${answer.status}: ${text.slice(0, 200)}`);
  }
  return took;
}
