-- Roles that move from one engine to another while servers run. The newest move of a role says which engine serves it;
-- without one the environment does. Addresses hold no credentials: those stay in the environment of each process.
create table role_moves (
  id         bigint      generated always as identity primary key,
  role       text        not null check (role in ('event-log', 'raw-store')),
  source     text        not null,
  target     text        not null,
  -- preparing: the source serves; from switching on the target does. finished: the source is not needed any more.
  -- back: given up before the switch, or followed by the move that leads back.
  state      text        not null
    check (state in ('preparing', 'filling', 'switching', 'draining', 'done', 'finished', 'back')),
  started_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp()
);
-- One move of a role at a time.
create unique index role_moves_open on role_moves (role) where state not in ('finished', 'back');

-- Processes that append events, each with the log it appends to. One that is silent for longer than its lease is not
-- waited for.
create table log_writers (
  id        uuid        primary key,
  name      text        not null, -- host and process, for people
  writes_to text        not null, -- an address
  ready_for bigint,               -- the move whose target it has opened
  problem   text,                 -- why it cannot
  seen_at   timestamptz not null default clock_timestamp()
);

-- Where a log or a raw store of this identity was reached last: one that the environment names no more is found there.
create table engine_addresses (
  identity text        primary key,
  address  text        not null,
  seen_at  timestamptz not null default clock_timestamp()
);
