-- The outbox row is the job: written in the transaction of what it is about, done by a worker, deleted once done.
create table jobs (
  id         bigint      generated always as identity primary key,
  kind       text        not null,
  payload    jsonb       not null,
  -- jobs of one kind and key that nobody has taken yet are one job
  key        text,
  -- not before then; while a worker has it, the end of its lease
  run_at     timestamptz not null default now(),
  tries      smallint    not null default 0,
  -- names the one who has it: an earlier holder can neither end nor prolong it
  lease      uuid,
  last_error text,
  parked_at  timestamptz,
  created_at timestamptz not null default now()
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
-- Claiming: what is due of a kind, the longest due first.
create index jobs_due on jobs (kind, run_at) where parked_at is null;
-- Enqueueing under a key that waits already.
create unique index jobs_waiting_key on jobs (kind, key) where tries = 0;
-- What a worker holds: counting it, and finding leases that a clock set back has made too long.
create index jobs_leased on jobs (run_at) where lease is not null;
-- `weir jobs` and the console: what was given up.
create index jobs_parked on jobs (id) where parked_at is not null;

-- How far each schedule has been turned into jobs. Whoever moves the row makes the job, in one transaction.
create table schedules (
  name     text        primary key,
  -- occurrences up to this instant have their jobs
  ran_to   timestamptz not null
);
