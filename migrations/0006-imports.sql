-- The ledger of imported logs. It outlives the raw rows of its lines: a log that was counted once is never counted again.
create table imports (
  id           bigint      generated always as identity primary key,
  -- SHA-256 of the whole content, unpacked: a log and its .gz are one import.
  fingerprint  bytea       not null unique,
  name         text        not null,
  -- SHA-256 of the rules it was begun with; other rules would give the same lines to other campaigns.
  rules_digest bytea       not null,
  -- Under which its visitors are hashed.
  salt         bytea       not null,
  -- Title → campaign id, fixed at the start: renaming a campaign does not split a resumed import.
  campaigns    jsonb       not null default '{}',
  -- Every line up to here is in the event log, parked or passed over.
  lines        bigint      not null default 0,
  bytes_read   bigint      not null default 0,
  lines_total  bigint      not null,
  bytes_total  bigint      not null,
  events       bigint      not null default 0,
  parked       bigint      not null default 0,
  -- Lines a second of the running process.
  rate         double precision not null default 0,
  state        text        not null default 'running' check (state in ('running', 'interrupted', 'done', 'failed')),
  failure      text,
  started_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp(),
  finished_at  timestamptz
);

-- A bad line is parked once, however often its log is read.
create unique index dead_letters_import_line on dead_letters (origin, ((payload ->> 'line_number')::bigint))
  where origin like 'import:%';
