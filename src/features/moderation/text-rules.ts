import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { invalid } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache } from '../../kit/read-cache.ts';
import { findSignUps, listFilteredWords } from './filtered-words.queries.ts';
import { createWordFilter, type WordFilter } from './word-filter.ts';

const NEW_FOR_MS = 24 * 3_600_000;
/** Of one text by a member who signed up within a day: what is written to advertise has more. */
const NEW_MEMBER_LIMITS = [
  { what: 'links', pattern: /https?:\/\//gi, most: 1 },
  { what: 'mentions', pattern: /@\[[^\]\n]{1,100}\]\(\/members\/\d/g, most: 5 },
] as const;

export interface TextRules {
  /**
   * Whether a text may be shown at once. Throws `invalid` where a word is refused, or a new member links or mentions too
   * much; those who look after a board, and admins, are never new. Words are at most a second old.
   */
  readonly judge: (memberId: number, path: string, text: string) => Promise<'show' | 'hold'>;
  /** An admin's change of the words shows here at once. */
  readonly forget: () => void;
  readonly close: () => Promise<void>;
}

export function createTextRules(db: Db, clock: Clock, log: Logger): TextRules {
  let known: { readonly source: string; readonly filter: WordFilter } | undefined;
  const words = createReadCache<string, WordFilter, string>({
    what: 'filtered words',
    read: async (keys) => {
      const rows = await listFilteredWords(db);
      const source = JSON.stringify(rows);
      if (known?.source !== source) known = { source, filter: createWordFilter(rows) };
      return new Map(keys.map((key) => [key, known!.filter]));
    },
    groupOf: () => '',
    maxEntries: 1,
    maxBytes: 2 ** 20,
    sizeOf: () => 0,
    clock,
    log,
  });
  const signUps = createReadCache<number, Date, number>({
    what: 'members',
    read: async (ids) => new Map((await findSignUps(db, ids)).map((row) => [row.id, row.created_at])),
    groupOf: (id) => id,
    maxEntries: 50_000,
    maxBytes: 8 * 2 ** 20,
    sizeOf: () => 32,
    clock,
    log,
  });

  return {
    judge: async (memberId, path, text) => {
      const [filter, since] = await Promise.all([words.get(''), signUps.get(memberId)]);
      const found = filter?.find(text);
      if (found?.rule === 'refuse') throw invalid([{ path, message: `must do without “${found.word}”` }]);
      const isNew = since !== undefined && clock.now() - since.getTime() < NEW_FOR_MS;
      for (const { what, pattern, most } of isNew ? NEW_MEMBER_LIMITS : [])
        if ((text.match(pattern)?.length ?? 0) > most)
          throw invalid([{ path, message: `has more ${what} than the ${most} of a member's first day` }]);
      return found ? 'hold' : 'show';
    },
    forget: () => words.forget(''),
    close: async () => {
      await Promise.all([words.close(), signUps.close()]);
    },
  };
}
