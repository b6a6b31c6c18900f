-- A member's inbox: how many are unread, and the last place given. Whoever adds holds the row until the commit, so places
-- are given in the order of commits, and a reader never passes one that becomes visible later.
create table inboxes (
  member_id  bigint  primary key references members (id) on delete cascade,
  last_place bigint  not null default 0,
  unread     integer not null default 0 check (unread >= 0)
) with (fillfactor = 70);

-- What reads as one line: "Mina and 12 others commented on …". Closed once it is read: a later one begins anew.
create table notification_groups (
  id         bigint      generated always as identity primary key,
  member_id  bigint      not null references members (id) on delete cascade,
  type       text        not null,
  post_id    bigint      not null,
  is_open    boolean     not null default true,
  last_place bigint      not null,
  updated_at timestamptz not null default now()
) with (fillfactor = 80);
-- The group that a further one joins.
create unique index notification_groups_open on notification_groups (member_id, type, post_id) where is_open;
-- The inbox in groups.
create index notification_groups_listed on notification_groups (member_id, last_place desc);

create table notifications (
  id         bigint      generated always as identity primary key,
  member_id  bigint      not null references members (id) on delete cascade,
  -- in the member's inbox, newest highest
  place      bigint      not null,
  group_id   bigint      not null references notification_groups (id) on delete cascade,
  -- of a warning: the number of its audit row, negative
  post_id    bigint      not null,
  -- null for a new post
  comment_id bigint,
  -- who did it
  actor_id   bigint      not null,
  created_at timestamptz not null default now(),
  read_at    timestamptz,
  type       text        not null check (type in ('post', 'comment', 'reply', 'mention', 'warning')),
  -- of a warning: what its member is told
  note       text        not null default ''
) with (fillfactor = 90);
-- One notification a recipient and cause, whoever writes it, however often.
create unique index notifications_cause on notifications (member_id, post_id, coalesce(comment_id, 0));
-- The inbox, both ways.
create unique index notifications_listed on notifications (member_id, place);
-- What is unread: the list of it, and reading all.
create index notifications_unread on notifications (member_id, place) where read_at is null;
-- Who and how many are in a group.
create index notifications_grouped on notifications (group_id) include (actor_id, read_at);
-- What is too old for the inbox.
create index notifications_age on notifications (created_at);

-- No row: the defaults.
create table notification_preferences (
  member_id  bigint  primary key references members (id) on delete cascade,
  -- `type:channel` of what is not wanted
  off        text[]  not null default '{}',
  own_acts   boolean not null default true,
  digest     text    not null default 'off' check (digest in ('off', 'daily', 'weekly')),
  language   text    not null default 'ko' check (language in ('ko', 'en')),
  -- no push in these hours of the member's day; both or none
  quiet_from time,
  quiet_to   time,
  time_zone  text    not null default 'Asia/Seoul',
  -- since when the member consents to advertising messages, and to those at night; null: not
  ads_since       timestamptz,
  ads_night_since timestamptz check (ads_night_since is null or ads_since is not null),
  -- what was sent in digests reaches up to here
  digest_to  timestamptz not null default now(),
  check ((quiet_from is null) = (quiet_to is null))
);
-- Who gets a digest.
create index notification_preferences_digest on notification_preferences (digest, member_id) where digest <> 'off';

create table muted_posts (
  member_id bigint not null references members (id) on delete cascade,
  post_id   bigint not null references posts (id) on delete cascade,
  primary key (member_id, post_id)
);
-- The cascade from posts.
create index muted_posts_post on muted_posts (post_id);

-- Messages to all members, written by staff. Whoever is to get one is found when it is sent out.
create table broadcasts (
  id             bigint      generated always as identity primary key,
  author_id      bigint      not null references members (id),
  title          text        not null,
  body           text        not null,
  path           text        not null,
  is_advertising boolean     not null,
  created_at     timestamptz not null default now(),
  -- members up to this id have their jobs
  sent_to        bigint      not null default 0,
  finished_at    timestamptz
);
