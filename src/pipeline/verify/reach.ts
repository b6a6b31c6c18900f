import type { Db } from '../../db/pool.ts';
import { checkSealsOver, findBrokenSets, findBrokenSums } from './seals.queries.ts';
import { compare, DAY_MS } from './verify.ts';

/** What raw rows that are about to go touch. */
export interface Reach {
  readonly lanes: readonly { readonly lane: number; readonly after: number; readonly up_to: number }[];
  /** Midnights, UTC. */
  readonly days: readonly Date[];
}

/** What is wrong with the numbers and raw rows in reach, for a person to read; undefined where they prove each other. */
export async function checkReach(db: Db, { lanes, days }: Reach): Promise<string | undefined> {
  for (const { lane, after, up_to } of lanes) {
    const broken = (await checkSealsOver(db, lane, after, up_to)).find((seal) => !seal.ok);
    if (broken) return `raw rows of lane ${lane}, ${broken.after + 1} to ${broken.up_to}, were altered`;
  }
  for (const day of days) {
    const end = new Date(day.getTime() + DAY_MS);
    const shown = day.toISOString().slice(0, 10);
    const [first] = await compare(db, day, end);
    if (first)
      return `numbers of ${shown} differ from raw events (${first.table}, subject ${first.subject_id}); npx weir verify --repair makes them anew`;
    const broken = [...(await findBrokenSums(db, day, end)), ...(await findBrokenSets(db, day, end))];
    if (broken.length > 0) return `what was sealed of ${shown} was altered`;
  }
  return undefined;
}
