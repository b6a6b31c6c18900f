import { setFlagsFromString } from 'node:v8';

// Loading the program makes garbage, for which the young generation would grow to its 48 MB and stay there; an idle server is
// 40 MB smaller without. From then on it may grow: load needs it.
setFlagsFromString('--semi-space-growth-factor=1');
const { ROLES, runServer } = await import('./roles/run-server.ts');
await runServer({ roles: ROLES, workers: 1 });
setFlagsFromString('--semi-space-growth-factor=2');
