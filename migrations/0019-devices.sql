-- Where members are reached: browsers (Web Push) and phones (FCM). A token lets its holder send, so it lies here sealed.
create table devices (
  id         bigint      generated always as identity primary key,
  member_id  bigint      not null references members (id) on delete cascade,
  kind       text        not null check (kind in ('web', 'fcm')),
  name       text        not null,
  -- a keyed hash: whose a token is, without opening any
  token_hash bytea       not null,
  token_sealed bytea     not null,
  -- its last four characters, for its owner
  token_end  text        not null,
  created_at timestamptz not null default now()
);
-- A token is one member's; who registers it anew takes it over.
create unique index devices_token on devices (token_hash);
-- A member's own, for the list and for sending.
create index devices_member on devices (member_id);
