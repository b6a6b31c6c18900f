import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { IssuedCertificate } from './certificates.ts';
import { createOwnServer, type OwnServer, runAsServer } from './own-server.ts';
import { findFreePort } from './weir.ts';

const home = process.env.TEST_KAFKA_HOME;
const required = /\b(all|kafka)\b/.test(process.env.REQUIRE_ENGINES ?? '');

/** Why a test that needs a broker of its own is skipped, or false. With REQUIRE_ENGINES it is not skipped, and fails. */
export const withoutOwnKafka: false | string =
  home || required
    ? false
    : 'no programs of Kafka: set TEST_KAFKA_HOME to its folder, or to one that holds its jars (4.0 or newer); and Java 17';

export const KAFKA_USER = { username: 'weir', password: 'two-blue-kettles' };

export interface OwnKafka extends OwnServer {
  /** Takes TLS and a user of any of the three mechanisms, and nobody else. */
  readonly broker: string;
}

/** One node whose only door for clients is SASL_SSL, with its files in `dir`, already started. */
export async function openOwnKafka(dir: string, { both }: IssuedCertificate): Promise<OwnKafka> {
  if (!home) throw new Error('TEST_KAFKA_HOME is not set: give it the folder of Kafka’s programs.');
  const jars = existsSync(join(home, 'libs')) ? join(home, 'libs') : home;
  const data = join(dir, 'kafka');
  const [port, inner, controller] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const settings = join(dir, 'server.properties');
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${KAFKA_USER.username}" password="${KAFKA_USER.password}" user_${KAFKA_USER.username}="${KAFKA_USER.password}";`;
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  writeFileSync(
    settings,
    `process.roles=broker,controller
node.id=1
listeners=CLIENTS://127.0.0.1:${port},INNER://127.0.0.1:${inner},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=CLIENTS://localhost:${port},INNER://127.0.0.1:${inner}
listener.security.protocol.map=CLIENTS:SASL_SSL,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INNER
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:${controller}
listener.name.clients.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.clients.plain.sasl.jaas.config=${plain}
listener.name.clients.scram-sha-256.sasl.jaas.config=${scram}
listener.name.clients.scram-sha-512.sasl.jaas.config=${scram}
listener.name.clients.ssl.keystore.type=PEM
listener.name.clients.ssl.keystore.location=${both}
log.dirs=${data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
`,
  );
  const java = (...args: string[]) => ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', `${jars}/*`, ...args];
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${KAFKA_USER.username},password=${KAFKA_USER.password}]`,
  ]);
  await runAsServer(
    'java',
    java('kafka.tools.StorageTool', 'format', '-t', 'weirweirweirweirweirwA', '-c', settings, ...users),
    true,
  );
  const server = createOwnServer({
    command: 'java',
    args: java('kafka.Kafka', settings),
    logFile: join(dir, 'kafka.log'),
    isReady: () => listens(port),
    mayBeRoot: true,
  });
  await server.start();
  return { ...server, broker: `localhost:${port}` };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
