import { kafkaLeader } from '../../src/proof/drill/kafka-leader.ts';
import { testScenario } from '../support/drill.ts';

testScenario(kafkaLeader, {
  short: { kills: 1, rounds: 1, rate: 200, seconds: 4 },
  ci: { kills: 3, rounds: 2, rate: 300, seconds: 5 },
});
