-- A deleted member keeps the row (their content says "deleted member") and loses everything personal; the actor id is
-- replaced as well, so that nothing joins their events to this row any more.
create table members (
  id                  bigint      generated always as identity primary key,
  -- names the member in events: random, so that an event alone tells nobody who it was
  actor_id            uuid        not null unique default gen_random_uuid(),
  username            text,
  password_hash       text,
  first_name          text        not null default '',
  last_name           text        not null default '',
  display_name        text        not null default '',
  roles               text[]      not null default '{member}'
                                  check (roles <@ array['member', 'advertiser', 'marketer', 'admin']),
  -- access tokens carry it; an older one is refused. It grows with roles, password and deletion
  token_version       bigint      not null default 1,
  tokens_changed_at   timestamptz not null default '-infinity',
  -- sessions opened before this instant are over (password changed, member deleted)
  sessions_valid_from timestamptz not null default '-infinity',
  created_at          timestamptz not null default now(),
  deleted_at          timestamptz,
  check (deleted_at is not null or (username is not null and password_hash is not null))
);
-- Sign-in by name, and one account an address whatever its case (null once deleted: the address is free again).
create unique index members_username on members (lower(username));
-- The revocation poll of every process: whose tokens changed in the last minutes.
create index members_tokens_changed on members (tokens_changed_at);
-- The page of members, newest first.
create index members_listed on members (id desc) where deleted_at is null;

create table sessions (
  id          uuid        primary key default gen_random_uuid(),
  member_id   bigint      not null references members (id) on delete cascade,
  -- by login (answers set cookies) or for header clients
  by_cookie   boolean     not null,
  created_at  timestamptz not null default now(),
  -- absolute end; the idle end is the refresh token's
  expires_at  timestamptz not null default now() + interval '30 days',
  revoked_at  timestamptz
);
-- A member's own sessions, and the cascade.
create index sessions_member on sessions (member_id);
-- The revocation poll of every process: which sessions ended early in the last minutes.
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
-- The sweep of sessions that are over.
create index sessions_expired on sessions (expires_at);

-- A session's refresh tokens: one successor each. A used one is kept as long as its session, to recognise its reuse.
create table refresh_tokens (
  hash       bytea       primary key,
  session_id uuid        not null references sessions (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  used_at    timestamptz
);
-- The cascade from sessions.
create index refresh_tokens_session on refresh_tokens (session_id);

-- Keys that sign access tokens and CSRF tokens, named by `kid`; the newest two are kept.
create table signing_keys (
  kid        text        primary key,
  secret     bytea       not null,
  created_at timestamptz not null default now()
);
