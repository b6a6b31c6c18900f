create table comments (
  id           bigint      generated always as identity primary key,
  post_id      bigint      not null references posts (id) on delete cascade,
  parent_id    bigint,
  depth        smallint    not null generated always as (case when parent_id is null then 0 else 1 end) stored,
  -- what the parent's depth has to be: a reply to a reply, or to a comment of another post, finds no row to refer to
  parent_depth smallint    generated always as (case when parent_id is not null then 0 end) stored,
  author_id    bigint      not null references members (id),
  -- of a root: its replies that are shown
  replies      integer     not null default 0 check (replies >= 0),
  version      bigint      not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  deleted_at   timestamptz,
  -- by a moderator
  hidden_at    timestamptz,
  is_deleted   boolean     not null default false check (is_deleted = (deleted_at is not null)),
  -- Markdown; empty once deleted
  content      text        not null,
  -- safe HTML, made of it when it was written
  content_html text        not null,
  unique (id, post_id, depth),
  foreign key (parent_id, post_id, parent_depth) references comments (id, post_id, depth)
) with (fillfactor = 90);
-- A post's page of comments, the oldest first. A deleted one stays as a tombstone for as long as it has replies.
create index comments_roots on comments (post_id, id)
  where parent_id is null and (not is_deleted and hidden_at is null or replies > 0);
-- A comment's page of replies; and whether its parent may go.
create index comments_replies on comments (parent_id, id) where parent_id is not null;
-- Who commented on a post before: they are told of a further one.
create index comments_authors on comments (post_id, author_id) where not is_deleted;
-- What is purged.
create index comments_deleted on comments (deleted_at) where is_deleted;
