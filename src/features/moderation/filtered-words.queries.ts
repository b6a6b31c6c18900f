import type { Db } from '../../db/pool.ts';
import type { WordRule } from './word-filter.ts';

export interface FilteredWordRow {
  readonly id: number;
  readonly word: string;
  readonly rule: WordRule;
}

export function listFilteredWords(db: Db): Promise<FilteredWordRow[]> {
  return db.query<FilteredWordRow>(
    'select id, word, rule from filtered_words order by id',
    [],
    'list_filtered_words',
  );
}

/** A word that reads the same takes the new rule. */
export async function saveFilteredWord(
  tx: Db,
  word: string,
  normalForm: string,
  rule: WordRule,
): Promise<FilteredWordRow> {
  const [row] = await tx.query<FilteredWordRow>(
    `insert into filtered_words (word, normal_form, rule) values ($1, $2, $3)
     on conflict (normal_form) do update set word = excluded.word, rule = excluded.rule returning id, word, rule`,
    [word, normalForm, rule],
  );
  return row!;
}

export async function deleteFilteredWord(tx: Db, id: number): Promise<boolean> {
  return (await tx.query('delete from filtered_words where id = $1 returning 1', [id])).length > 0;
}

export interface SignUp {
  readonly id: number;
  readonly created_at: Date;
}

/** Of members without any other office. */
export function findSignUps(db: Db, ids: readonly number[]): Promise<SignUp[]> {
  return db.query<SignUp>(
    `select id, created_at from members
     where id = any($1::bigint[]) and roles <@ '{member}'
       and not exists (select from board_moderators where member_id = members.id)`,
    [ids],
    'find_sign_ups',
  );
}
