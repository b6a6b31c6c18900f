import { crashEverywhere } from '../../src/proof/drill/crash-everywhere.ts';
import { testScenario } from '../support/drill.ts';

testScenario(crashEverywhere, { short: { rounds: 1, kills: 5, rate: 50 }, ci: { rounds: 2, rate: 300 } });
