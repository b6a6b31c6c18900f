import { movedClock } from '../../src/proof/drill/moved-clock.ts';
import { testScenario } from '../support/drill.ts';

testScenario(movedClock, {
  short: { rounds: 1, rate: 100, seconds: 0.2 },
  ci: { rounds: 1, rate: 500, seconds: 4 },
});
