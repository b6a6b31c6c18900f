import type { Db } from '../../db/pool.ts';
import type { Search } from '../../ports/search-index.ts';
import type { Ranking, SearchPlan } from './search-plan.ts';

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
    restriction === undefined ? plan.candidates : `(${plan.candidates}) & ${restriction}`,
    search.boardIds ?? null,
    search.authorId ?? null,
    search.from ?? null,
    search.to ?? null,
    plan.least,
    search.limit,
    search.offset,
    plan.shownTerms,
    plan.shownPrefixes,
  ];
  const { columns, sum, coverage } = toScoreSql(plan, ranking, values);
  const rows = await db.query<RankedRow & { total: number }>(
    `with found as (
       select d.post_id, d.length, ${columns.join(', ')}
       from search_documents d
       where d.generation = $1 and d.terms @@ $2::tsquery
         and ($3::bigint[] is null or d.board_id = any($3)) and ($4::bigint is null or d.author_id = $4)
         and ($5::timestamptz is null or d.created_at >= $5) and ($6::timestamptz is null or d.created_at < $6)
     ), page as (
       select post_id, (${sum}) * (${coverage}) / (1 + ${ranking.length} * ln(greatest(length, 1))) as score,
         count(*) over () as total
       from found where ${sum} >= $7
       order by score desc, post_id desc limit $8 offset $9
     )
     select d.post_id, d.board_id, p.score, d.title, d.body, p.total,
       (select json_agg(json_build_array(t.lexeme, t.positions)) from unnest(d.terms) as t
        where t.lexeme = any($10) or t.lexeme ^@ any($11)) as places
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
