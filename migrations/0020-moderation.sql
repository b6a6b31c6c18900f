-- What members say without words. subject_kind: 2 post, 3 comment.
create table reactions (
  subject_kind smallint    not null check (subject_kind in (2, 3)),
  subject_id   bigint      not null,
  member_id    bigint      not null references members (id) on delete cascade,
  emoji        text        not null check (emoji in ('👍', '❤️', '😂', '😮', '😢', '😡')),
  created_at   timestamptz not null default now(),
  primary key (subject_kind, subject_id, emoji, member_id)
);
-- Erasure.
create index reactions_member on reactions (member_id);

create table bookmarks (
  -- in the order of setting them
  id         bigint      generated always as identity primary key,
  member_id  bigint      not null references members (id) on delete cascade,
  post_id    bigint      not null references posts (id) on delete cascade,
  created_at timestamptz not null default now()
);
create unique index bookmarks_once on bookmarks (member_id, post_id);
-- A member's own, newest first.
create index bookmarks_listed on bookmarks (member_id, id desc);
-- The cascade from posts.
create index bookmarks_post on bookmarks (post_id);

create table reports (
  id           bigint      generated always as identity primary key,
  subject_kind smallint    not null check (subject_kind in (2, 3)),
  subject_id   bigint      not null,
  board_id     bigint      not null references boards (id),
  -- null: the word filter held it
  reporter_id  bigint      references members (id),
  reason       text        not null check (reason in ('spam', 'abuse', 'illegal', 'personal', 'other', 'word')),
  note         text        not null default '',
  created_at   timestamptz not null default now(),
  decided_at   timestamptz,
  decision     text        check (decision in ('hidden', 'restored', 'dismissed'))
);
-- A member reports a thing once, until it is decided.
create unique index reports_once on reports (subject_kind, subject_id, coalesce(reporter_id, 0)) where decided_at is null;
-- The queue.
create index reports_open on reports (board_id, subject_kind, subject_id) where decided_at is null;

-- normal_form: what texts are compared by. allow: a word that holds a blocked one and is none.
create table filtered_words (
  id          bigint      generated always as identity primary key,
  word        text        not null,
  normal_form text        not null,
  rule        text        not null check (rule in ('refuse', 'hold', 'allow')),
  created_at  timestamptz not null default now()
);
create unique index filtered_words_once on filtered_words (normal_form);

-- Who may not sign in for now; null: for good.
alter table members
  add column banned_at    timestamptz,
  add column banned_until timestamptz,
  add column ban_reason   text,
  add check (banned_at is not null or (banned_until is null and ban_reason is null));

-- What staff did, in one chain: each row's hash is made of its content and the hash before it, so that no row can be
-- altered, removed or put in between unseen. Written by `append_audit` alone, in the transaction of the act.
create table audit_log (
  seq        bigint      primary key,
  at         timestamptz not null,
  -- null: the server itself
  actor_id   bigint,
  action     text        not null,
  -- what was acted upon, as `post:12`
  subject    text        not null,
  detail     jsonb       not null,
  hash       bytea       not null
);
-- What happened to one thing; what one member did.
create index audit_log_subject on audit_log (subject, seq);
create index audit_log_actor on audit_log (actor_id, seq);
