-- What retention takes out of the raw store stays provable: its sums are sealed, and verify adds them to its recount.

-- One removal: the partition of a day, or a chunk of the undated one.
create table sealed_parts (
  id        bigint      generated always as identity primary key,
  day       integer     not null,
  events    bigint      not null,
  -- Of `occurred_at`.
  first_at  timestamptz not null,
  last_at   timestamptz not null,
  -- Of the raw rows, as in log_seals.
  digest    numeric     not null,
  -- SHA-256 of the part's rows of sealed_quarters.
  hash      bytea       not null,
  sealed_at timestamptz not null default clock_timestamp()
);

create table sealed_quarters (
  part         bigint      not null references sealed_parts,
  subject_id   bigint      not null,
  bucket_at    timestamptz not null,
  views        bigint      not null,
  true_views   bigint      not null,
  clicks       bigint      not null,
  subject_kind smallint    not null,
  traffic      smallint    not null,
  -- Minute rows of this quarter went with their raw rows: only the whole quarter is known.
  minutes_gone boolean     not null default false,
  primary key (part, subject_kind, subject_id, bucket_at, traffic)
);
-- Verify: what is sealed in a range of time.
create index sealed_quarters_time on sealed_quarters (bucket_at);
-- Statistics by the minute: is any of it gone for this subject?
create index sealed_quarters_minutes on sealed_quarters (subject_kind, subject_id, bucket_at) where minutes_gone;

-- Minutes that lost a part of their raw rows and not yet all: the part that is lost.
create table sealed_minutes (
  subject_id   bigint      not null,
  bucket_at    timestamptz not null,
  subject_kind smallint    not null,
  traffic      smallint    not null,
  views        integer     not null,
  true_views   integer     not null,
  clicks       integer     not null,
  primary key (subject_kind, subject_id, bucket_at, traffic)
);

-- The bits of `seen` whose raw rows are gone, and of each day (UTC) a digest of them: sets do not add up, so what was
-- sealed of them is marked in place.
alter table actor_quarters add column sealed_seen smallint not null default 0;
create table sealed_sets (
  day    integer primary key,
  actors bigint  not null,
  digest numeric not null
);

-- Which time a batch is about: an altered raw row holds back the repair of its own days, not of all.
alter table log_seals
  add column first_at  timestamptz,
  add column last_at   timestamptz,
  add column sealed_at timestamptz not null default clock_timestamp();
update log_seals s set (first_at, last_at) = (
  select min(occurred_at), max(occurred_at) from event_log e where e.lane = s.partition and e.seq > s.after and e.seq <= s.up_to
);
-- An event that was parked left its place in the chain of seals open until now.
insert into log_seals (log, partition, after, up_to, events, digest, first_at, last_at)
select log, partition, gap.after, gap.up_to, rows.events, rows.digest, rows.first_at, rows.last_at
from (
  select log, partition, up_to as after,
    coalesce(lead(after) over lane, (
      select position from log_positions p where p.reader = 'aggregator' and p.log = s.log and p.partition = s.partition
    )) as up_to
  from log_seals s window lane as (partition by log, partition order by after)
  union all select log, partition, 0, min(after) from log_seals group by log, partition
) as gap, lateral (
  select count(*) as events, min(occurred_at) as first_at, max(occurred_at) as last_at,
    coalesce(sum(uuid_hash_extended(event_id, uuid_hash_extended(actor,
      hashint8extended((extract(epoch from occurred_at) * 1000)::bigint, subject_id * 64 + type * 8 + rule)))::numeric), 0) as digest
  from event_log e where e.lane = gap.partition and e.seq > gap.after and e.seq <= gap.up_to
) as rows
where gap.up_to > gap.after;

-- Verification of a range of time, on counters that are kept for ever: rows come almost in that order.
create index counters_minute_time on counters_minute using brin (bucket_at) with (pages_per_range = 32);
create index counters_quarter_time on counters_quarter using brin (bucket_at) with (pages_per_range = 32);
create index actor_quarters_time on actor_quarters using brin (bucket_at) with (pages_per_range = 32);
-- Retention of ids that say no day: by receipt.
create index event_log_undated_received on event_log_undated using brin (received_at);

-- What the check in the background found: numbers or raw rows that differ, and a removal that was held back.
create table findings (
  id          bigint      generated always as identity primary key,
  -- counter, set, raw, sealed, retention
  kind        text        not null,
  -- The same finding, seen again, is one row.
  key         text        not null,
  detail      jsonb       not null,
  found_at    timestamptz not null default clock_timestamp(),
  seen_at     timestamptz not null default clock_timestamp(),
  -- Made anew from raw rows, or gone by itself.
  settled_at  timestamptz
);
create unique index findings_open on findings (kind, key) where settled_at is null;

-- How far each pass of the check in the background has come; it goes on there after a restart.
create table check_passes (
  name        text        primary key,
  cursor      bigint      not null,
  -- Of the pass that runs: units done, and how many there are.
  done        bigint      not null,
  total       bigint      not null,
  started_at  timestamptz not null default clock_timestamp(),
  -- Of the last pass that came to its end.
  finished_at timestamptz
);
