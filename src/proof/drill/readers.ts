import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http';
import { sleep } from '../../kit/wait.ts';
import { createLatencies, type LatencySummary } from '../latency.ts';

const TICK_MS = 10;
const SOCKETS = 64;
const MOST_UNDER_WAY = 500;
const REQUEST_LIMIT_MS = 5_000;
/** Tokens live ten minutes. */
const SIGN_IN_EVERY_MS = 240_000;
const HANG_UP_EVERY_MS = 500;
const REFUSED_MS = 1_000;
/** For streams that a busy server refused last: once the load is over it has room for them. */
const OPEN_LIMIT_MS = 20_000;
/** What a token has left at least when a stream is opened with it: until then the server ends none. */
const LEAST_LIFE_MS = 600_000 - SIGN_IN_EVERY_MS - 30_000;
/** A burst of new streams is not what is looked at. */
const LISTENERS_AT_ONCE = 20;

interface ReaderOptions {
  readonly url: string;
  readonly signIn: () => Promise<string>;
  readonly campaigns: readonly number[];
  /** Requests a second, whatever the server does. */
  readonly rate: number;
  /** Live streams, each opened again when its token ends. */
  readonly listeners: number;
}

export interface ReaderReport {
  readonly requests: number;
  /** Due while too many were under way. */
  readonly dropped: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly latency_ms: LatencySummary;
  /** Streams that were open in the end. */
  readonly listeners: number;
  readonly messages: number;
  /** Streams whose token ended, and that were opened again. */
  readonly renewed: number;
  /** Streams that the server ended before. */
  readonly ended: number;
  /** Streams whose client hung up before the first message. */
  readonly hung_up: number;
}

/** Everybody who looks while events come: open pages, and requests for numbers. */
export interface Readers {
  /** To be called once the load is over: what was refused under it is opened before it is counted. */
  readonly stop: () => Promise<ReaderReport>;
}

export async function startReaders(options: ReaderOptions): Promise<Readers> {
  const stop = new AbortController();
  const { signal } = stop;
  let token = await options.signIn();
  const authorized = () => ({ authorization: `Bearer ${token}` });
  const streams = await openListeners(options, authorized);
  const requests = startRequests(options, authorized, signal);
  const hanging = hangUp(options, authorized, signal);
  const signing = (async () => {
    for (;;) {
      await sleep(SIGN_IN_EVERY_MS, signal);
      if (signal.aborted) return;
      token = await options.signIn();
    }
  })();
  const reading = Promise.all([requests, hanging, signing]);
  // Heard of at `stop`; until then it is no unhandled rejection.
  reading.catch(() => undefined);
  return {
    stop: async () => {
      stop.abort();
      const [asked, hung_up] = await reading;
      return { ...asked, ...(await streams.close()), hung_up };
    },
  };
}

type Headers = () => Record<string, string>;

async function openListeners({ url, campaigns, listeners }: ReaderOptions, headers: Headers) {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  const asking = new Set<ClientRequest>();
  const open = new Set<ClientRequest>();
  let messages = 0;
  let ended = 0;
  let renewed = 0;
  let closing = false;
  const listen = (at: number): Promise<void> =>
    new Promise<void>((begun) => {
      const openedAt = performance.now();
      const path = `/api/campaigns/${campaigns[at % campaigns.length]}/live`;
      let isRefused = false;
      const request = get(`${url}${path}`, { agent, headers: headers() }, (answer) => {
        isRefused = answer.statusCode === 503;
        if (answer.statusCode === 200) open.add(request);
        begun();
        answer.on('data', (chunk: Buffer) => {
          if (chunk.includes('data:')) messages += 1;
        });
      });
      asking.add(request);
      request.on('error', () => undefined);
      request.on('close', () => {
        asking.delete(request);
        open.delete(request);
        begun();
        if (closing) return;
        if (isRefused) return void sleep(REFUSED_MS).then(() => (closing ? undefined : listen(at)));
        if (performance.now() - openedAt < LEAST_LIFE_MS) ended += 1;
        else {
          renewed += 1;
          void listen(at);
        }
      });
    });
  for (let at = 0; at < listeners; at += LISTENERS_AT_ONCE) {
    const some = Array.from({ length: Math.min(LISTENERS_AT_ONCE, listeners - at) }, (_, one) => at + one);
    await Promise.all(some.map(listen));
  }
  return {
    close: async () => {
      const due = performance.now() + OPEN_LIMIT_MS;
      while (open.size + ended < listeners && performance.now() < due) await sleep(TICK_MS);
      closing = true;
      const still = open.size;
      for (const request of asking) request.destroy();
      agent.destroy();
      return { listeners: still, messages, renewed, ended };
    },
  };
}

/** Clients that leave before they are answered: what a server keeps for them would stay for ever. */
async function hangUp({ url, campaigns }: ReaderOptions, headers: Headers, signal: AbortSignal) {
  let count = 0;
  while (!signal.aborted) {
    const request = get(`${url}/api/campaigns/${campaigns[0]}/live`, { agent: false, headers: headers() });
    request.on('error', () => undefined);
    request.on('socket', (socket) => {
      // Once the request is on its way, and before its campaign was looked up.
      socket.once('connect', () => setImmediate(() => request.destroy()));
    });
    count += 1;
    await sleep(HANG_UP_EVERY_MS, signal);
  }
  return count;
}

async function startRequests(options: ReaderOptions, headers: Headers, signal: AbortSignal) {
  const { url, campaigns, rate } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const latencies = createLatencies();
  const answers: Record<string, number> = {};
  const under = new Set<Promise<void>>();
  const paths = campaigns.flatMap((id) => ['/api/campaigns', '/api/status', `/api/campaigns/${id}/stats`]);
  const startedAt = performance.now();
  let requests = 0;
  let dropped = 0;

  async function ask(path: string): Promise<void> {
    const askedAt = performance.now();
    const what = await read(`${url}${path}`, agent, headers());
    latencies.record(performance.now() - askedAt);
    answers[what] = (answers[what] ?? 0) + 1;
  }

  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate);
    while (requests + dropped < due) {
      if (under.size >= MOST_UNDER_WAY) {
        dropped = due - requests;
        break;
      }
      const one = ask(paths[requests % paths.length]!);
      requests += 1;
      under.add(one);
      void one.finally(() => under.delete(one));
    }
    await sleep(TICK_MS, signal);
  }
  await Promise.all(under);
  agent.destroy();
  return { requests, dropped, answers, latency_ms: latencies.summary() };
}

/** The status, `timeout`, or the code of what went wrong. */
function read(url: string, agent: Agent, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const request = get(
      url,
      { agent, headers, signal: AbortSignal.timeout(REQUEST_LIMIT_MS) },
      (answer: IncomingMessage) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.statusCode)));
        answer.on('error', () => resolve('cut off'));
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.name === 'AbortError' || error.name === 'TimeoutError' ? 'timeout' : String(error.code)),
    );
  });
}
