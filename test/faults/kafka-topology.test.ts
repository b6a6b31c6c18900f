import { kafkaTopology } from '../../src/proof/drill/kafka-topology.ts';
import { testScenario } from '../support/drill.ts';

testScenario(kafkaTopology, {
  short: { rounds: 1, rate: 100, seconds: 1 },
  ci: { rounds: 1, rate: 100, seconds: 2 },
});
