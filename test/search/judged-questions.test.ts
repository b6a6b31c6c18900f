import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { openPostgresSearch } from '../../src/engines/postgres/postgres-search.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import {
  average,
  type Half,
  type QuestionScore,
  readJudgedQuestions,
  scoreQuestion,
} from './judged-questions.ts';
import { readCorpus, toPost } from './korean-corpus.ts';

/** What must not fall; made anew by whoever made it better. */
const BASELINE = JSON.parse(readFileSync(new URL('baseline.json', import.meta.url), 'utf8')) as Record<
  Half,
  { ndcg: number; recall: number }
>;
/** Statistics of the index are exact here, so scores are the same on every run; this is only the rounding of the file. */
const ROUNDING = 0.0005;
const BATCH = 500;
/** It indexes 11,823 posts. */
const skipped =
  process.env.JUDGED === 'on'
    ? false
    : 'takes ten seconds; run it by JUDGED=on npm test -- test/search/judged-questions.test.ts';

describe('the judged questions', { skip: skipped }, () => {
  let database: TestDatabase;
  let index: SearchIndex;
  let scores: QuestionScore[];

  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    index = openPostgresSearch({ db, maintenance: db, log: testLog });
    const posts = readCorpus().map(toPost);
    const rebuild = await index.rebuild();
    for (let from = 0; from < posts.length; from += BATCH)
      await rebuild.fill(posts.slice(from, from + BATCH), Math.min(posts.length, from + BATCH));
    await rebuild.publish();
    scores = await Promise.all(readJudgedQuestions().map((question) => scoreQuestion(index, question)));
  });
  after(async () => {
    await index.close();
    await database.close();
  });

  test('are more than a hundred, in two halves, each with an answer', () => {
    assert.ok(scores.length >= 100);
    for (const half of ['tuning', 'held-out'] as const)
      assert.ok(scores.filter(({ question }) => question.half === half).length >= 50);
    for (const { question } of scores)
      assert.ok(
        [...question.grades.values()].some((grade) => grade >= 2),
        question.question,
      );
  });

  for (const half of ['tuning', 'held-out'] as const)
    test(`nDCG@10 and recall@10 of the ${half} half did not fall`, (t) => {
      const own = scores.filter(({ question }) => question.half === half);
      const ndcg = average(own, 'ndcg');
      const recall = average(own, 'recall');
      const unjudged = own.reduce((sum, score) => sum + score.unjudged, 0);
      t.diagnostic(
        `${half}: nDCG@10 ${ndcg.toFixed(4)}, recall@10 ${recall.toFixed(4)}, ${unjudged} unjudged of ${own.length} questions`,
      );
      const worst = own.toSorted((a, b) => a.ndcg - b.ndcg).slice(0, 5);
      t.diagnostic(worst.map(({ question, ndcg }) => `${question.question} ${ndcg.toFixed(2)}`).join(', '));
      assert.ok(ndcg >= BASELINE[half].ndcg - ROUNDING, `nDCG@10 ${ndcg} was ${BASELINE[half].ndcg}`);
      assert.ok(
        recall >= BASELINE[half].recall - ROUNDING,
        `recall@10 ${recall} was ${BASELINE[half].recall}`,
      );
    });
});
