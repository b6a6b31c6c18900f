import { readFileSync } from 'node:fs';
import type { SearchIndex } from '../../src/ports/search-index.ts';

const FILE = new URL('judged-questions.tsv', import.meta.url);
const DEPTH = 10;
/** From this grade on a post is one that recall counts. */
const RELEVANT = 2;

export type Half = 'tuning' | 'held-out';

export interface JudgedQuestion {
  readonly half: Half;
  readonly question: string;
  /** By post; what is not there was never seen by the judge, and counts as 0. */
  readonly grades: ReadonlyMap<number, number>;
}

export function readJudgedQuestions(): JudgedQuestion[] {
  const [, ...lines] = readFileSync(FILE, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [half, question, ...columns] = line.split('\t');
    const grades = new Map<number, number>();
    for (const [at, column] of columns.entries())
      for (const id of column.split(' ').filter(Boolean)) grades.set(Number(id), 3 - at);
    return { half: half as Half, question: question!, grades };
  });
}

export interface QuestionScore {
  readonly question: JudgedQuestion;
  /** With gain 2^grade - 1 and the discount log2(rank + 1): Järvelin and Kekäläinen 2002, as TREC uses it. */
  readonly ndcg: number;
  /** Of the relevant posts, or of ten where there are more, how many are among the first ten. */
  readonly recall: number;
  readonly unjudged: number;
}

export async function scoreQuestion(index: SearchIndex, question: JudgedQuestion): Promise<QuestionScore> {
  const { hits } = await index.search({
    text: question.question,
    boardIds: undefined,
    limit: DEPTH,
    offset: 0,
  });
  const gradeOf = (postId: number) => question.grades.get(postId) ?? 0;
  const grades = hits.map(({ postId }) => gradeOf(postId));
  const best = [...question.grades.values()].toSorted((a, b) => b - a).slice(0, DEPTH);
  const relevant = [...question.grades.values()].filter((grade) => grade >= RELEVANT).length;
  return {
    question,
    ndcg: gain(grades) / gain(best),
    recall: grades.filter((grade) => grade >= RELEVANT).length / Math.min(DEPTH, relevant),
    unjudged: hits.filter(({ postId }) => !question.grades.has(postId)).length,
  };
}

function gain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, at) => sum + (2 ** grade - 1) / Math.log2(at + 2), 0);
}

export function average(scores: readonly QuestionScore[], of: 'ndcg' | 'recall'): number {
  return scores.reduce((sum, score) => sum + score[of], 0) / scores.length;
}
