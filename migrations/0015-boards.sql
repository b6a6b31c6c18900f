create table boards (
  id          bigint      generated always as identity primary key,
  title       text        not null,
  -- what two titles are compared by: trimmed, NFC, lower case. Made by the server, so that no locale of a database decides
  title_key   text        not null,
  description text        not null default '',
  -- boards are listed by it, the smallest first
  position    integer     not null default 0,
  -- moderator: the board's own; an admin may everything
  read_role   text        not null default 'anyone'
                          check (read_role in ('anyone', 'member', 'advertiser', 'marketer', 'moderator', 'admin')),
  write_role  text        not null default 'member'
                          check (write_role in ('member', 'advertiser', 'marketer', 'moderator', 'admin')),
  version     bigint      not null default 1,
  -- read, but written no more
  archived_at timestamptz,
  deleted_at  timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
-- The same title is refused here, so that two that race make one board.
create unique index boards_title on boards (title_key) where deleted_at is null;
-- The list of boards.
create index boards_listed on boards (position, id) where deleted_at is null;

create table board_moderators (
  board_id  bigint not null references boards (id) on delete cascade,
  member_id bigint not null references members (id),
  primary key (board_id, member_id)
);
-- Boards that a member may read as their moderator.
create index board_moderators_member on board_moderators (member_id);

-- The last place given in each board's list. Whoever publishes holds the row until the commit, so places are given in the
-- order of commits, and a reader never passes a place that becomes visible later. Apart from `boards`: it moves with each post.
create table board_places (
  board_id   bigint primary key references boards (id) on delete cascade,
  last_place bigint not null
) with (fillfactor = 10);

-- The public sees a post that is neither a draft nor deleted nor hidden.
create table posts (
  id           bigint      generated always as identity primary key,
  board_id     bigint      not null references boards (id),
  author_id    bigint      not null references members (id),
  -- in the board's list, newest highest; a draft has none until it is published
  place        bigint      check (is_draft = (place is null)),
  version      bigint      not null default 1,
  -- of publishing
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  edited_by    bigint      references members (id),
  deleted_at   timestamptz,
  -- who was not the author deleted it for a reason: then the author cannot restore it
  deleted_by   bigint      references members (id),
  -- by a moderator
  hidden_at    timestamptz,
  pinned_at    timestamptz,
  is_draft     boolean     not null default false,
  is_deleted   boolean     not null default false check (is_deleted = (deleted_at is not null)),
  title        text        not null,
  -- Markdown
  content      text        not null,
  -- safe HTML, made of it when it was written
  content_html text        not null
) with (fillfactor = 90);
-- A board's list, both ways.
create index posts_listed on posts (board_id, place) where place is not null and not is_deleted and hidden_at is null;
-- The same of one author.
create index posts_of_author on posts (author_id, board_id, place)
  where place is not null and not is_deleted and hidden_at is null;
-- A member's own drafts.
create index posts_drafts on posts (author_id, board_id, id) where is_draft;
-- What stands first on a board's first page.
create index posts_pinned on posts (board_id) where pinned_at is not null;
-- What can be restored, and what is purged.
create index posts_deleted on posts (deleted_at) where is_deleted;

-- What an accepted edit replaced, by the version it replaced; the present text is in `posts`.
create table post_revisions (
  post_id    bigint      not null references posts (id) on delete cascade,
  version    bigint      not null,
  title      text        not null,
  content    text        not null,
  -- who wrote it, and when
  edited_by  bigint      not null references members (id),
  edited_at  timestamptz not null,
  is_draft   boolean     not null,
  primary key (post_id, version)
);

-- How many rows of a kind a member wrote lately: exact, over all instances.
create table write_quotas (
  member_id bigint        not null references members (id) on delete cascade,
  -- post, comment, …
  action    text          not null,
  -- instants of the last ones, newest first, as many as a minute allows
  recent    timestamptz[] not null,
  -- the day begins with its first one
  day_start timestamptz   not null,
  day_count integer       not null,
  primary key (member_id, action)
) with (fillfactor = 70);

-- Answers of creating requests that named an Idempotency-Key: the same again gets the same answer. Kept for 24 hours.
create table idempotency_keys (
  member_id   bigint      not null references members (id) on delete cascade,
  -- verb and pattern, as `POST /api/boards`
  route       text        not null,
  key         text        not null,
  -- SHA-256 of the path and the body
  fingerprint bytea       not null,
  -- null only inside the transaction that makes it
  answer      json,
  created_at  timestamptz not null default now(),
  primary key (member_id, route, key)
);
-- The sweep.
create index idempotency_keys_age on idempotency_keys (created_at);
