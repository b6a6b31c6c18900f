/** Which posts of a board are looked at, as the page's address says it. */
import type { PostQuery } from './community-api.ts';

export interface BoardSearch {
  keyword?: string;
  state?: 'draft' | 'deleted';
  /** what comes after this one, in the list's order */
  last_id?: number;
  /** what is newer than this one */
  first_id?: number;
}

const idOf = (value: unknown): number | undefined => {
  const id = Number(value);
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
};

export const parseBoardSearch = (search: Record<string, unknown>): BoardSearch => {
  const last = idOf(search.last_id);
  const first = idOf(search.first_id);
  const { state, keyword } = search;
  return {
    ...(keyword !== undefined && keyword !== '' && { keyword: String(keyword).slice(0, 200) }),
    ...((state === 'draft' || state === 'deleted') && { state }),
    ...(last ? { last_id: last } : first && { first_id: first }),
  };
};

/** Best matches come first, so there is nothing newer to turn to. */
export const toPostQuery = ({ keyword, state, last_id, first_id }: BoardSearch): PostQuery => ({
  ...(keyword && !state && { keyword }),
  ...(state && { state }),
  ...(last_id && { last_id }),
  ...(first_id && !keyword && !state && { first_id }),
});
