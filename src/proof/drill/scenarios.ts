import { crashEverywhere } from './crash-everywhere.ts';
import { crashKafka } from './crash-kafka.ts';
import { diskFull } from './disk-full.ts';
import { freshness } from './freshness.ts';
import { kafkaLeader } from './kafka-leader.ts';
import { kafkaTopology } from './kafka-topology.ts';
import { killPostgres } from './kill-postgres.ts';
import { killServer } from './kill-server.ts';
import { movedClock } from './moved-clock.ts';
import { overload } from './overload.ts';
import { rollingRestart } from './rolling-restart.ts';
import type { Scenario } from './scenario.ts';
import { soak } from './soak.ts';

/** Every scenario, in the order of `weir drill` without names. */
export const SCENARIOS: readonly Scenario[] = [
  killServer,
  killPostgres,
  crashEverywhere,
  diskFull,
  movedClock,
  soak,
  overload,
  freshness,
  rollingRestart,
  crashKafka,
  kafkaTopology,
  kafkaLeader,
];
