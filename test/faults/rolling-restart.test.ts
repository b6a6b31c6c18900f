import { rollingRestart } from '../../src/proof/drill/rolling-restart.ts';
import { testScenario } from '../support/drill.ts';

testScenario(rollingRestart, { short: { rounds: 1, rate: 200 }, ci: { rounds: 3, rate: 500 } });
