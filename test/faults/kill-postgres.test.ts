import { killPostgres } from '../../src/proof/drill/kill-postgres.ts';
import { testScenario } from '../support/drill.ts';

testScenario(killPostgres, { short: { kills: 3, rate: 300 }, ci: { kills: 6, rate: 1_000 } });
