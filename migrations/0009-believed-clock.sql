-- How far time has come for what time alone destroys: a clock that was set wrong must not make everything due.
create table believed_clock (
  one         boolean     primary key default true check (one),
  believed_at timestamptz not null,
  -- The database's clock at the last look.
  seen_at     timestamptz not null,
  -- Time that passed while the clock stood further ahead; null: it does not.
  waited_ms   bigint
);
