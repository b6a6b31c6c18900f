import autocannon from 'autocannon';

export interface Sample {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

interface Shot {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

// So many visitors, told apart by address: what the aggregator's sets of actors would have to do.
const VISITORS = 500;
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Closed-loop: as fast as the server answers. Throws where an answer is no success. */
export async function shoot(shot: Shot): Promise<Sample> {
  const { method, path, body } = shot;
  const result = await autocannon({
    url: shot.url,
    connections: shot.connections,
    duration: shot.seconds,
    timeout: 10,
    requests: Array.from({ length: VISITORS }, (_, at) => ({
      method,
      path,
      headers: {
        'user-agent': USER_AGENT,
        'x-forwarded-for': `198.51.${100 + Math.floor(at / 250)}.${1 + (at % 250)}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...shot.headers,
      },
      ...(body !== undefined && { body }),
    })),
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${method} ${path}: ${result.non2xx} refusals and ${result.errors} errors`);
  return { rate: result['2xx'] / result.duration, p50: result.latency.p50, p99: result.latency.p99 };
}
