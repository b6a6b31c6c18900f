-- The sets of a subject over a month are read whole; with the deeds in the key's index no row need be looked up for them,
-- and rows of one subject lie far apart. The key itself stays what it was.
alter table actor_quarters drop constraint actor_quarters_pkey;
alter table actor_quarters add constraint actor_quarters_pkey
  primary key (subject_kind, subject_id, bucket_at, actor) include (seen);
