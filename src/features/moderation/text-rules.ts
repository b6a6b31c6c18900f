import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { invalid } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache } from '../../kit/read-cache.ts';
import { findMemberAges, listFilteredWords } from './filtered-words.queries.ts';
import { createWordFilter, type WordFilter } from './word-filter.ts';

const NEW_FOR_MS = 24 * 3_600_000;
/** Of a member who signed up within a day: what is written to advertise has more. */
const NEW_MEMBER_LINKS = 1;
const LINK = /https?:\/\//gi;

export interface TextRules {
  /**
   * Whether a text may be shown at once. Throws `invalid` where a word is refused, or a new member links too much. Words
   * are at most a second old.
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
  const ages = createReadCache<number, Date, number>({
    what: 'members',
    read: async (ids) => new Map((await findMemberAges(db, ids)).map((row) => [row.id, row.created_at])),
    groupOf: (id) => id,
    maxEntries: 50_000,
    maxBytes: 8 * 2 ** 20,
    sizeOf: () => 32,
    clock,
    log,
  });

  return {
    judge: async (memberId, path, text) => {
      const [filter, since] = await Promise.all([words.get(''), ages.get(memberId)]);
      const found = filter?.find(text);
      if (found?.rule === 'refuse') throw invalid([{ path, message: `must do without “${found.word}”` }]);
      const isNew = since !== undefined && clock.now() - since.getTime() < NEW_FOR_MS;
      if (isNew && (text.match(LINK)?.length ?? 0) > NEW_MEMBER_LINKS)
        throw invalid([
          { path, message: `has more links than the ${NEW_MEMBER_LINKS} of a member's first day` },
        ]);
      return found ? 'hold' : 'show';
    },
    forget: () => words.forget(''),
    close: async () => {
      await Promise.all([words.close(), ages.close()]);
    },
  };
}
