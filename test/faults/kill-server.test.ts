import { killServer } from '../../src/proof/drill/kill-server.ts';
import { testScenario } from '../support/drill.ts';

testScenario(killServer, { short: { kills: 3, rate: 300 }, ci: { kills: 20, rate: 2_000 } });
