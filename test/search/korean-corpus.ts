import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { SearchDocument } from '../../src/ports/search-index.ts';

const FILE = new URL('../data/korean-qa.csv.gz', import.meta.url);
const EPOCH = Date.parse('2025-01-01T00:00:00Z');
const ROW = /^(?:"((?:[^"]|"")*)"|([^,]*)),(?:"((?:[^"]|"")*)"|([^,]*)),(\d)\s*$/;

/** A row of the corpus: a sentence and what was answered to it. */
export interface CorpusRow {
  /** From 1, behind the line of headings. */
  readonly row: number;
  readonly question: string;
  readonly answer: string;
  /** 0 everyday, 1 break-up, 2 love. */
  readonly label: number;
}

export function readCorpus(): CorpusRow[] {
  const [, ...lines] = gunzipSync(readFileSync(FILE)).toString('utf8').trimEnd().split('\n');
  return lines.map((line, at) => {
    const match = ROW.exec(line);
    if (!match) throw new Error(`korean-qa.csv.gz: line ${at + 2} is not Q,A,label`);
    const [, quoted, bare, quotedAnswer, bareAnswer, label] = match;
    const text = (one: string | undefined, other: string | undefined) =>
      (one ?? other ?? '').replaceAll('""', '"');
    return {
      row: at + 1,
      question: text(quoted, bare),
      answer: text(quotedAnswer, bareAnswer),
      label: Number(label),
    };
  });
}

/** A post for each row: its number is the row's, the sentence is its title, the answer its text, the label its board. */
export function toPost({ row, question, answer, label }: CorpusRow): SearchDocument {
  return {
    postId: row,
    revision: 1,
    sourceHash: '',
    content: {
      boardId: 1 + label,
      authorId: 1,
      createdAt: new Date(EPOCH + row * 60_000),
      title: question,
      body: answer,
    },
  };
}
