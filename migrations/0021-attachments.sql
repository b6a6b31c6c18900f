-- Images that members attach. The row is there before the objects are written and tells when they are: what a crash leaves
-- without `ready_at` is removed later, objects first.
create table attachments (
  id         uuid        primary key default gen_random_uuid(),
  -- null once the member is erased: what was written with it stays
  owner_id   bigint      references members (id) on delete set null,
  type       text        not null check (type in ('image/jpeg', 'image/png', 'image/webp', 'image/gif')),
  width      integer     not null,
  height     integer     not null,
  -- of both objects
  bytes      bigint      not null,
  created_at timestamptz not null default now(),
  ready_at   timestamptz,
  deleted_at timestamptz
);
-- A member's own, newest first; and what they take.
create index attachments_owner on attachments (owner_id, created_at desc) where deleted_at is null;
-- What is to be removed: deleted, or never finished.
create index attachments_removable on attachments (created_at) where deleted_at is not null or ready_at is null;
