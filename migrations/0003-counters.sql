-- Counters and sets, written by the aggregator alone, in the transaction that moves its position.
-- traffic: 0 valid, 1 invalid; `all` is their sum (for sets: their union).

-- Kept as long as raw events are.
create table counters_minute (
  subject_id   bigint      not null,
  bucket_at    timestamptz not null,
  subject_kind smallint    not null,
  traffic      smallint    not null,
  views        integer     not null,
  true_views   integer     not null,
  clicks       integer     not null,
  primary key (subject_kind, subject_id, bucket_at, traffic)
) with (fillfactor = 80);

-- Kept for ever. Every zone of the world is a whole number of quarters from UTC, so hours and days of any zone are sums.
create table counters_quarter (
  subject_id   bigint      not null,
  bucket_at    timestamptz not null,
  views        bigint      not null,
  true_views   bigint      not null,
  clicks       bigint      not null,
  subject_kind smallint    not null,
  traffic      smallint    not null,
  primary key (subject_kind, subject_id, bucket_at, traffic)
) with (fillfactor = 80);

create table counters_total (
  subject_id   bigint   not null,
  views        bigint   not null,
  true_views   bigint   not null,
  clicks       bigint   not null,
  subject_kind smallint not null,
  traffic      smallint not null,
  primary key (subject_kind, subject_id, traffic)
) with (fillfactor = 50);

-- Who did what to a subject in a quarter of an hour: the exact uniques. One row an actor, a bit for each deed.
-- seen: 1 valid view, 2 valid true view, 4 valid click; 8, 16, 32 the same of invalid traffic.
create table actor_quarters (
  actor        uuid        not null,
  subject_id   bigint      not null,
  bucket_at    timestamptz not null,
  subject_kind smallint    not null,
  seen         smallint    not null,
  primary key (subject_kind, subject_id, bucket_at, actor)
) with (fillfactor = 90);
