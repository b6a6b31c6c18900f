import { crashKafka } from '../../src/proof/drill/crash-kafka.ts';
import { testScenario } from '../support/drill.ts';

testScenario(crashKafka, { short: { rounds: 1, rate: 200 }, ci: { rounds: 2, rate: 300 } });
