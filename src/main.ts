import { ROLES, runServer } from './roles/run-server.ts';

await runServer({ roles: ROLES, workers: 1 });
