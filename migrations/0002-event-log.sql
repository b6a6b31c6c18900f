-- The durable event log of the embedded default. Its rows are the raw event store as well.
--
-- Identity is event_id alone. PostgreSQL wants the partition key inside every unique key; `day` is a pure function of
-- the id (the day inside a UUIDv7, -1 for any other), so (event_id, day) is unique exactly where event_id is.
-- Columns stand widest first: no alignment gaps.
create table event_log (
  event_id      uuid        not null,
  actor         uuid        not null,
  seq           bigint      not null,
  subject_id    bigint      not null,
  occurred_at   timestamptz not null,
  received_at   timestamptz not null,
  day           integer     not null,
  lane          smallint    not null,
  subject_kind  smallint    not null,
  type          smallint    not null,
  rule          smallint    not null, -- 0: valid
  rule_version  smallint    not null,
  flags         smallint    not null, -- 1 too_old, 2 in_future, 4 the actor is a member
  source        smallint    not null,
  network       cidr,
  address_hash  bytea,
  address_sealed bytea,
  user_agent    text,
  referrer      text,
  page          text,
  constraint event_log_key primary key (event_id, day)
) partition by range (day);

-- Readers follow one lane in order: where lane = ? and seq > ? order by seq.
create index event_log_position on event_log (lane, seq);
-- The raw explorer, exports and uniques by the minute: one subject, a range of time.
create index event_log_subject on event_log (subject_kind, subject_id, occurred_at, event_id);
-- Verification of a range of time; rows arrive almost in that order, so a block range index is tiny.
create index event_log_time on event_log using brin (occurred_at) with (pages_per_range = 32);
-- GET /campaigns/history: members who clicked in the last day.
create index event_log_member_clicks on event_log (occurred_at) where type = 3 and flags & 4 <> 0;

create table event_log_undated partition of event_log for values from (-1) to (0);

-- A lane has one serial writer, which holds its advisory lock; so seq grows in the order of commits and a reader of a
-- lane can never pass a row that commits later.
create table log_lanes (
  lane       smallint    primary key,
  created_at timestamptz not null default clock_timestamp(),
  -- Highest seq among rows that retention dropped: the next writer goes on above it.
  floor_seq  bigint      not null default 0
);

-- How far each reader has come in each partition of each log.
create table log_positions (
  reader           text        not null,
  log              text        not null,
  partition        integer     not null,
  position         bigint      not null,
  -- Every event acknowledged before this instant is at or before `position`.
  complete_through timestamptz not null,
  updated_at       timestamptz not null default clock_timestamp(),
  primary key (reader, log, partition)
);

-- What the aggregator read, batch by batch, with a digest that only the same rows give: the witness that tells an
-- altered counter from an altered raw row. Digests are sums, so neighbours merge by adding.
create table log_seals (
  log       text    not null,
  partition integer not null,
  after     bigint  not null,
  up_to     bigint  not null,
  events    bigint  not null,
  digest    numeric not null,
  primary key (log, partition, after)
);

-- What could not be processed, with its reason; nothing is dropped in silence.
create table dead_letters (
  id          bigint      generated always as identity primary key,
  origin      text        not null, -- ingest, aggregate, import:<id>
  reason      text        not null,
  detail      text        not null,
  payload     jsonb       not null,
  tries       integer     not null default 1,
  parked_at   timestamptz not null default now(),
  replayed_at timestamptz
);
-- `weir dlq list` and the count in `weir doctor`: what still waits, oldest first.
create index dead_letters_waiting on dead_letters (id) where replayed_at is null;
