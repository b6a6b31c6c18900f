create table campaigns (
  id          bigint      generated always as identity primary key,
  owner_id    bigint      not null references members (id),
  title       text        not null,
  content     text        not null,
  landing_url text,
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  is_visible  boolean     not null default true,
  is_deleted  boolean     not null default false,
  version     bigint      not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  check (ends_at > starts_at)
);
-- "The same again" is refused here, so that two that race make one campaign; long texts by their digest.
create unique index campaigns_same on campaigns (owner_id, md5(title), md5(content), starts_at, ends_at)
  where not is_deleted;
