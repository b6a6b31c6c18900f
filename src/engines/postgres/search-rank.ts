import type { Db } from '../../db/pool.ts';
import type { Search } from '../../ports/search-index.ts';
import { MOST_WEIGHED, type Ranking, type SearchPlan } from './search-plan.ts';

/** A document of the page that was asked for. */
export interface RankedRow {
  readonly post_id: number;
  readonly board_id: number;
  readonly score: number;
  readonly title: string;
  readonly body: string;
  /** Where the terms that are shown stand: term and numbers of words. */
  readonly places: readonly (readonly [string, readonly number[]])[] | null;
}

/** One page of what matches, best first, equal ones newest first; and how many match. */
export async function rankDocuments(
  db: Db,
  generation: number,
  plan: SearchPlan,
  restriction: string | undefined,
  search: Search,
  ranking: Ranking,
): Promise<{ total: number; rows: readonly RankedRow[] }> {
  const values: unknown[] = [
    generation,
    search.boardIds ?? null,
    search.authorId ?? null,
    search.from ?? null,
    search.to ?? null,
    plan.least,
    search.limit,
    search.offset,
    plan.shownTerms,
    plan.shownPrefixes,
    search.afterId ?? null,
  ];
  const candidates = plan.candidates.map((any) => {
    values.push(restriction === undefined ? any : `(${any}) & ${restriction}`);
    return `(select post_id from search_documents
      where generation = $1 and terms @@ $${values.length}::tsquery
        and ($2::bigint[] is null or board_id = any($2)) and ($3::bigint is null or author_id = $3)
        and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
      order by post_id desc limit ${MOST_WEIGHED})`;
  });
  const { columns, sum, coverage } = toScoreSql(plan, ranking, values);
  const rows = await db.query<RankedRow & { total: number }>(
    // Concatenating reads a long vector once; each ts_rank would read it again. Offset and `materialized` keep it that way.
    `with found as materialized (
       select post_id, length, ${columns.join(', ')}
       from (select post_id, length, terms || ''::tsvector as terms from search_documents
             where generation = $1 and post_id in (${candidates.join(' union all ')}) offset 0) as d
     ), scored as (
       select post_id, (${sum}) * (${coverage}) / (1 + ${ranking.length} * ln(greatest(length, 1))) as score
       from found where ${sum} >= $6
     ), page as (
       select post_id, score, (select count(*) from scored) as total from scored
       where $11::bigint is null or (score, post_id) < (select a.score, a.post_id from scored a where a.post_id = $11)
       order by score desc, post_id desc limit $7 offset $8
     )
     select d.post_id, d.board_id, p.score, d.title, d.body, p.total,
       (select json_agg(json_build_array(t.lexeme, t.positions)) from unnest(d.terms) as t
        where t.lexeme = any($9) or t.lexeme ^@ any($10)) as places
     from page p join search_documents d on d.generation = $1 and d.post_id = p.post_id
     order by p.score desc, p.post_id desc`,
    values,
  );
  return { total: rows[0]?.total ?? 0, rows };
}

/** A column for each unit, one for all bonuses; their sum; and the part of the sum that is left for what is covered. */
function toScoreSql({ scores, shares }: SearchPlan, ranking: Ranking, values: unknown[]) {
  const weights = `'{${ranking.body},${ranking.body},${ranking.body},1}'::real[]`;
  const byUnit = [...Map.groupBy(scores, ({ unit }) => unit)];
  const columns = byUnit.map(([, parts], at) => {
    const terms = parts.map(({ query, weight }) => {
      values.push(query);
      return `${weight.toFixed(4)} * ts_rank(${weights}, d.terms, $${values.length}::tsquery)`;
    });
    return `${terms.join(' + ')} as s${at}`;
  });
  const sum = byUnit.map((_, at) => `s${at}`).join(' + ');
  const covered = byUnit.flatMap(([unit], at) => {
    const share = unit === undefined ? 0 : (shares.get(unit) ?? 0);
    return share > 0 ? [`case when s${at} > ${NOTHING} then ${share.toFixed(4)} else 0 end`] : [];
  });
  const part = (1 - ranking.uncovered).toFixed(4);
  return {
    columns,
    sum,
    coverage: [ranking.uncovered, ...covered.map((one) => `${part} * ${one}`)].join(' + '),
  };
}

/** ts_rank is never quite 0 where it was asked for several terms. */
const NOTHING = '1e-9';
