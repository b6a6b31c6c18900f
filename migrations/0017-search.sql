-- One index at a time answers; while another one is built beside it, both are written.
create table search_generations (
  id            integer     generated always as identity primary key,
  -- by which reading of texts it is made; another one by now: it should be built anew
  terms_version integer     not null,
  state         text        not null check (state in ('building', 'live')),
  -- how far a rebuild has come: posts up to this id are in it
  filled_to     bigint      not null default 0,
  -- as `search_words` has them: what was found there, how much changed since, and when it was counted
  documents     integer     not null default 0,
  changed       integer     not null default 0,
  counted_at    timestamptz not null default now(),
  created_at    timestamptz not null default now()
);
-- One of each state: two rebuilds that start at once are one.
create unique index search_generations_state on search_generations (state);

create table search_documents (
  generation  integer     not null,
  post_id     bigint      not null,
  -- the post's version; an older one never replaces a newer one
  revision    bigint      not null,
  board_id    bigint,
  author_id   bigint,
  created_at  timestamptz,
  title       text        not null default '',
  body        text        not null default '',
  -- by what it is found: stems, `_` pairs of syllables, `^` initial consonants, `=` words as written; null: not to be found
  terms       tsvector,
  -- words of it
  length      integer     not null default 0,
  -- of the post as it was read, and of this row as it was written: verify compares both
  source_hash text        not null default '',
  row_hash    text        not null default '',
  primary key (generation, post_id)
) partition by list (generation);
-- Every search. No pending list: one that waits to be merged would be read through by each of them.
create index search_documents_terms on search_documents using gin (terms) with (fastupdate = off);
-- Searches among one author's posts: few, where a common word is in many.
create index search_documents_author on search_documents (author_id, post_id);

-- In how many documents a term is, for its weight; and the words that a mistyped one is compared with. Counted now and then.
create table search_words (
  generation integer not null,
  term       text    not null,
  documents  integer not null,
  -- each three neighbouring letters of a word that may be suggested; null: not looked at yet
  trigrams   text[],
  primary key (generation, term)
);
-- Candidates for what was meant.
create index search_words_trigrams on search_words using gin (trigrams);
-- Those that were counted, but not looked at.
create index search_words_new on search_words (generation, term) where trigrams is null;

-- What was looked for and not found, for people who write here: the question alone, by nobody, for as long as it serves.
create table search_misses (
  day      date    not null,
  question text    not null,
  times    integer not null default 1,
  primary key (day, question)
);

insert into search_generations (terms_version, state) values (1, 'live');
-- Terms stay in the row for as long as it fits a page: they are read for each document that is weighed.
create table search_documents_1 partition of search_documents for values in (1) with (toast_tuple_target = 8160);
