import { soak } from '../../src/proof/drill/soak.ts';
import { testScenario } from '../support/drill.ts';

testScenario(soak, { short: { rate: 60, seconds: 2 }, ci: { rate: 500, seconds: 15 } });
