import { crashEverywhere } from '../../src/proof/drill/crash-everywhere.ts';
import { testScenario } from '../support/drill.ts';

testScenario(crashEverywhere, { short: { rounds: 1, rate: 100 }, ci: { rounds: 2, rate: 300 } });
