-- Processes that serve, with the roles of each: who owns what, for `weir doctor`. A row that is silent for long is of one that
-- was killed; whoever starts next removes it.
create table processes (
  id         uuid        primary key,
  name       text        not null, -- host and process, for people
  roles      text[]      not null,
  version    text        not null,
  started_at timestamptz not null default clock_timestamp(),
  seen_at    timestamptz not null default clock_timestamp()
);
