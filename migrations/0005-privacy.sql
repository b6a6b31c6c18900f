-- Secrets with a life of their own: each is made once for its day and destroyed when it is past its days.
-- purpose: actor_salt (day of the event, kept 8 days), address_key (day of receipt, kept 30 days),
--          address_hash (day 0, kept for ever).
create table day_secrets (
  purpose text    not null,
  day     integer not null,
  secret  bytea   not null,
  primary key (purpose, day)
);
