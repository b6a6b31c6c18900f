/**
 * The index in which posts are found by their words.
 *
 * SI-1  A document that was removed is in no answer of a search that begins after `index` has resolved.
 * SI-2  An older revision never replaces a newer one, nor brings back what a newer one removed; the same one again changes
 *       nothing that anybody sees.
 * SI-3  What `index` has resolved for is found by every search that begins after it, and survives a kill -9.
 * SI-4  One bad document never fails its neighbours: it alone is answered `unindexable`.
 * SI-5  A rebuild is online: searches are answered by the old generation, which is kept up to date, until the new one is
 *       whole. One that was interrupted goes on where its last batch was written.
 * SI-6  Highlights are HTML that is safe wherever text is: everything of the document is escaped, the only tag is `mark`.
 * SI-7  Filters are exact: no answer holds, and no total counts, what is outside of them.
 * SI-8  The order is total: pages of an index that does not change neither share a document nor leave one out.
 * SI-9  A search is bounded, however long or common its words: question and page depth have limits that the answer names.
 */
export interface SearchIndex {
  /** Outcomes in the order given. Of several revisions of one post the newest counts. */
  readonly index: (documents: readonly SearchDocument[]) => Promise<readonly IndexOutcome[]>;
  readonly search: (search: Search) => Promise<SearchAnswer>;
  /** Documents by post id, after `afterId`; those that were removed too. For verify. */
  readonly list: (afterId: number, limit: number) => Promise<readonly IndexedDocument[]>;
  /** Begins a rebuild, or goes on with the one that was begun. */
  readonly rebuild: () => Promise<Rebuild>;
  /** What serves by now, for people. */
  readonly describe: () => Promise<SearchIndexState>;
  readonly close: () => Promise<void>;
}

export interface SearchDocument {
  readonly postId: number;
  /** Grows with each change of the post. */
  readonly revision: number;
  /** What it was made of, for verify. */
  readonly sourceHash: string;
  /** undefined: not to be found, whatever was before. */
  readonly content: SearchContent | undefined;
}

export interface SearchContent {
  readonly boardId: number;
  readonly authorId: number;
  readonly createdAt: Date;
  readonly title: string;
  /** Plain text. */
  readonly body: string;
}

export type IndexOutcome =
  | { readonly status: 'indexed' }
  /** A newer revision is there already. */
  | { readonly status: 'older' }
  | { readonly status: 'unindexable'; readonly reason: string };

export interface Search {
  /** As a person typed it: words, "phrases", -unwanted ones. */
  readonly text: string;
  /** Only of these; undefined: of all. */
  readonly boardIds: readonly number[] | undefined;
  readonly authorId?: number | undefined;
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
  /** Only behind this one in the order of this search; nothing where it is no answer to it. */
  readonly afterId?: number | undefined;
  readonly limit: number;
  /** With `limit` at most `MOST_RANKED`. */
  readonly offset: number;
}

/** No page reaches further down than this. */
export const MOST_RANKED = 1_000;
export const LONGEST_QUESTION = 200;

export interface SearchAnswer {
  /** Best match first. */
  readonly hits: readonly SearchHit[];
  /** Of documents that match, at most `MOST_RANKED`. */
  readonly total: number;
  /** What was searched instead, where the keyboard had been switched the wrong way. */
  readonly interpretedAs: string | undefined;
  /** What was meant, perhaps: a word of it is nowhere, and one that is much like it is. */
  readonly didYouMean: string | undefined;
}

export interface SearchHit {
  readonly postId: number;
  readonly boardId: number;
  readonly score: number;
  /** HTML, the words that were found in `<mark>`. */
  readonly title: string;
  /** The same, of the part of the text where they stand. */
  readonly snippet: string;
}

export interface IndexedDocument {
  readonly postId: number;
  readonly revision: number;
  readonly removed: boolean;
  readonly sourceHash: string;
  /** Whether it is still what was written. */
  readonly intact: boolean;
}

export interface Rebuild {
  /** Posts up to this id are in it already. */
  readonly filledTo: number;
  /** Writes a batch, and that posts up to `upTo` are in it, at once. */
  readonly fill: (documents: readonly SearchDocument[], upTo: number) => Promise<readonly IndexOutcome[]>;
  /** From now on searches are answered by it, and the old one is gone. */
  readonly publish: () => Promise<void>;
}

export interface SearchIndexState {
  readonly generation: number;
  readonly documents: number;
  /** Texts were read in another way when it was built: it should be built anew. */
  readonly outdated: boolean;
  readonly rebuilding: boolean;
}
