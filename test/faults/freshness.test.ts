import { freshness } from '../../src/proof/drill/freshness.ts';
import { testScenario } from '../support/drill.ts';

testScenario(freshness, { short: { seconds: 1, rate: 200 }, ci: { seconds: 6, rate: 1_000 } });
