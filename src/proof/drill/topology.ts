import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBalancer } from './balancer.ts';
import type { Rig } from './rig.ts';
import type { Exit, ServerProcess } from './server-process.ts';

const RECOVERY_LIMIT_MS = 60_000;

/** A process or an engine of the topology, as something that can be broken; what it resolves with undoes it. */
export interface Target {
  readonly name: string;
  readonly kill: () => Promise<() => Promise<void>>;
  readonly freeze: () => Promise<() => Promise<void>>;
  /** Addresses of the API processes that go on meanwhile. */
  readonly apis: readonly string[];
}

/** Two API processes behind a balancer, two aggregators, a recorder, and the engines that they stand on. */
export interface Topology {
  readonly url: string;
  readonly targets: readonly Target[];
  /**
   * Starts those again that run no more, though nobody ended them, as a supervisor would: one that finds no PostgreSQL at
   * its start ends. Resolves with their names and how they ended.
   */
  readonly startEnded: () => Promise<Ended[]>;
  /** Stops all but the rig's own server, each in order. */
  readonly close: () => Promise<void>;
}

export interface Ended {
  readonly name: string;
  readonly exit: Exit;
}

interface Process {
  readonly name: string;
  readonly server: ServerProcess;
  readonly start: () => Promise<unknown>;
}

/** The rig's own server is one of the API processes, and keeps the embedded PostgreSQL. */
export async function openTopology(rig: Rig): Promise<Topology> {
  const start = () => rig.server.start({}, serve('api,housekeeping'));
  await start();
  const apis: Process[] = [
    { name: 'one api', server: rig.server, start },
    await openProcess(rig, 'other api', 'api'),
  ];
  const others = [
    await openProcess(rig, 'one aggregator', 'aggregator'),
    await openProcess(rig, 'other aggregator', 'aggregator'),
    await openProcess(rig, 'recorder', 'recorder'),
  ];
  const processes = [...apis, ...others];
  for (const one of processes.slice(1)) await one.start();
  const urls = apis.map(({ server }) => server.url);
  const balancer = await openBalancer(urls);
  return {
    url: balancer.url,
    targets: [...processes.map((one) => toTarget(one, urls)), ...listEngines(rig, urls)],
    startEnded: async () => {
      const ended: Ended[] = [];
      for (const { name, server, start } of processes) {
        const exit = await server.exited(0);
        if (!exit) continue;
        ended.push({ name, exit });
        await start();
      }
      return ended;
    },
    close: async () => {
      for (const { server } of processes.slice(1)) await server.end('SIGTERM');
      await balancer.close();
    },
  };
}

const serve = (roles: string) => ['serve', '--roles', roles];

async function openProcess(rig: Rig, name: string, roles: string): Promise<Process> {
  const dataDir = join(rig.dir, name.replaceAll(' ', '-'));
  mkdirSync(dataDir);
  const server = await rig.openServer(dataDir);
  const env = { DATABASE_URL: rig.postgres.url() };
  const start = async () => {
    if (roles === 'api') await server.start(env, serve(roles));
    // Nobody can ask it whether it is ready; that it works shows in what is left to be done.
    else server.launch(env, serve(roles));
  };
  return { name, server, start };
}

function toTarget({ name, server, start }: Process, apis: readonly string[]): Target {
  return {
    name,
    apis: apis.filter((url) => url !== server.url),
    kill: async () => {
      await server.end('SIGKILL');
      return async () => void (await start());
    },
    freeze: async () => {
      server.signal('SIGSTOP');
      return async () => server.signal('SIGCONT');
    },
  };
}

function listEngines(rig: Rig, apis: readonly string[]): Target[] {
  const engines = rig.engines();
  const broken =
    (verb: 'kill' | 'freeze', find: () => Promise<string>, settled?: () => Promise<void>) => async () => {
      const name = await find();
      await engines.control(verb, name);
      return async () => {
        await engines.control(verb === 'kill' ? 'start' : 'thaw', name);
        await settled?.();
      };
    };
  const findLeader = () => engines.findLeader(Math.floor(rig.random() * engines.kafka.partitions));
  const findMongo = () => Promise.resolve('mongodb');
  return [
    {
      name: 'a leading broker',
      apis,
      kill: broken('kill', findLeader, engines.inSync),
      freeze: broken('freeze', findLeader, engines.inSync),
    },
    { name: 'mongodb', apis, kill: broken('kill', findMongo), freeze: broken('freeze', findMongo) },
    {
      name: 'postgres',
      apis,
      kill: async () => {
        const since = Date.now();
        await rig.postgres.signal('postmaster', 'SIGKILL', rig.random);
        return async () => void (await rig.postgres.acceptingSince(since, RECOVERY_LIMIT_MS));
      },
      freeze: async () => {
        const thaw = await rig.postgres.freeze();
        return async () => thaw();
      },
    },
  ];
}
