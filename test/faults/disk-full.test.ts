import { diskFull } from '../../src/proof/drill/disk-full.ts';
import { testScenario } from '../support/drill.ts';

testScenario(diskFull, {
  short: { rounds: 1, rate: 100, seconds: 0.5 },
  ci: { rounds: 2, rate: 300, seconds: 5 },
});
