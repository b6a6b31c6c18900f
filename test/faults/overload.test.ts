import { overload } from '../../src/proof/drill/overload.ts';
import { testScenario } from '../support/drill.ts';

testScenario(overload, { short: { seconds: 2, rate: 400 }, ci: { seconds: 10, rate: 1_000 } });
