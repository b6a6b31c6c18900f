-- Where another log (Kafka) stands before this one, each of its partitions has a lane here: the raw rows that were counted
-- from it, under its offsets. Nobody but the counting transaction writes into such a lane.
alter table log_lanes
  -- The log's identity; null: a lane that a writer of this log owns.
  add column source           text,
  add column source_partition integer,
  add constraint log_lanes_source_whole check ((source is null) = (source_partition is null)),
  -- Which lane a partition has; counting asks for it.
  add constraint log_lanes_source unique (source, source_partition);
