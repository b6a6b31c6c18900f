import type { EventType } from '../events/event.ts';
import { newEventId } from '../events/event-id.ts';

const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** The routes that take events, and what share of the requests goes to each; shares need no certain sum. */
export const ROUTES = ['event', 'view', 'click', 'batch', 'pixel'] as const;
export type Route = (typeof ROUTES)[number];
export type Mix = Readonly<Partial<Record<Route, number>>>;

/** An event as the client knows it before any answer. */
export interface SentEvent {
  readonly event_id: string;
  readonly campaign_id: number;
  readonly type: EventType;
}

/** One request, the same bytes at every try. */
export interface LoadRequest {
  readonly route: Route;
  readonly events: readonly SentEvent[];
  readonly text: string;
}

export interface RequestOptions {
  readonly url: string;
  readonly campaigns: readonly number[];
  readonly mix: Mix;
  readonly batch: number;
  /**
   * Each is another User-Agent and, where the server trusts this client as a proxy, another address. With a token the
   * bodies name the visitor as `actor_id`, which only an admin may, and requests that cannot name one go without the token.
   */
  readonly visitors: number;
  readonly token: string | undefined;
  readonly random: () => number;
}

export interface Requests {
  /** What leaves at the instant of one more event: its request, or nothing yet where it waits for its batch to fill. */
  readonly next: () => LoadRequest | undefined;
  /** The batch that is not full, at the end. */
  readonly rest: () => LoadRequest | undefined;
}

/**
 * Makes each event's request. Batches fill beside the other requests, so that these come as if there were no batches.
 * The seed decides everything but the ids.
 */
export function createRequests(options: RequestOptions): Requests {
  const { campaigns, random, visitors, batch } = options;
  const write = createWriter(options);
  const pickRoute = createPicker(options.mix, batch, random);
  let filling: SentEvent[] = [];
  const pickVisitor = () => (visitors > 1 ? Math.floor(random() * visitors) : 0);
  const flush = (): LoadRequest => {
    const events = filling;
    filling = [];
    return { route: 'batch', events, text: write.batch(events, pickVisitor) };
  };
  return {
    next: () => {
      const route = pickRoute();
      const campaign_id = campaigns[Math.floor(random() * campaigns.length)]!;
      const event = { event_id: newEventId(), campaign_id, type: TYPES[route](random()) };
      if (route !== 'batch') return { route, events: [event], text: write[route](event, pickVisitor()) };
      filling.push(event);
      return filling.length < batch ? undefined : flush();
    },
    rest: () => (filling.length > 0 ? flush() : undefined),
  };
}

/** The text of a request to each route. */
function createWriter({ url, visitors, token }: RequestOptions) {
  const { host, pathname } = new URL(url);
  const base = pathname.replace(/\/+$/, '');
  const named = token !== undefined && visitors > 1;
  const head = (line: string, visitor: number, signed: boolean) => {
    const authorization = signed && token !== undefined ? `authorization: Bearer ${token}\r\n` : '';
    return `${line} HTTP/1.1\r\nhost: ${host}\r\n${describeVisitor(visitor, visitors)}${authorization}`;
  };
  const bare = (line: string, visitor: number) => `${head(line, visitor, !named)}\r\n`;
  const post = (body: string, visitor: number) =>
    `${head(`POST ${base}/api/events`, visitor, true)}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const toBody = (event: SentEvent, visitor: number) =>
    named ? { ...event, actor_id: `load-visitor-${visitor}` } : event;
  return {
    event: (event: SentEvent, visitor: number) => post(JSON.stringify(toBody(event, visitor)), visitor),
    view: ({ campaign_id, event_id, type }: SentEvent, visitor: number) => {
      const flag = type === 'true_view' ? '&is_true_view=true' : '';
      return bare(`GET ${base}/api/campaigns/${campaign_id}?event_id=${event_id}${flag}`, visitor);
    },
    click: ({ campaign_id, event_id }: SentEvent, visitor: number) =>
      `${head(`POST ${base}/api/campaigns/${campaign_id}?event_id=${event_id}`, visitor, !named)}content-length: 0\r\n\r\n`,
    pixel: ({ campaign_id, event_id }: SentEvent, visitor: number) =>
      bare(`GET ${base}/t/v.gif?c=${campaign_id}&event_id=${event_id}`, visitor),
    // Whoever sends batches speaks for many, where it may name them.
    batch: (events: readonly SentEvent[], pickVisitor: () => number) =>
      post(JSON.stringify(events.map((event) => toBody(event, named ? pickVisitor() : 0))), pickVisitor()),
  };
}

const TYPES: Readonly<Record<Route, (share: number) => EventType>> = {
  event: pickType,
  batch: pickType,
  view: (share) => (share < 0.7 ? 'view' : 'true_view'),
  click: () => 'click',
  pixel: () => 'view',
};

function pickType(share: number): EventType {
  if (share < 0.65) return 'view';
  return share < 0.95 ? 'true_view' : 'click';
}

/** Of an event, where the shares are of requests: a batch takes as many events as it holds. */
function createPicker(mix: Mix, batch: number, random: () => number): () => Route {
  const shares = ROUTES.map((route) => [route, (mix[route] ?? 0) * (route === 'batch' ? batch : 1)] as const);
  const some = shares.filter(([, share]) => share > 0);
  const last = some.at(-1)?.[0] ?? 'event';
  if (some.length < 2) return () => last;
  const sum = some.reduce((total, [, share]) => total + share, 0);
  return () => {
    let left = random() * sum;
    for (const [route, share] of some) {
      left -= share;
      if (left < 0) return route;
    }
    return last;
  };
}

/** Networks for tests (RFC 2544: 198.18.0.0/15), so that no address is anybody's. */
function describeVisitor(visitor: number, of: number): string {
  if (of === 1) return `user-agent: ${USER_AGENT}\r\n`;
  const address = `198.${18 + ((visitor >> 16) & 1)}.${(visitor >> 8) & 255}.${visitor & 255}`;
  return `user-agent: ${USER_AGENT}.${visitor}\r\nx-forwarded-for: ${address}\r\n`;
}

/** `event=80,view=10`: throws an Error that says what is wrong. */
export function parseMix(text: string): Mix {
  const mix: Partial<Record<Route, number>> = {};
  for (const part of text.split(',')) {
    const match = /^([a-z]+)=(\d{1,6})$/.exec(part.trim());
    const route = ROUTES.find((one) => one === match?.[1]);
    if (!match || !route)
      throw new Error(
        `"${part}" is no share of a route; they are ${ROUTES.join(', ')}, for example event=80,view=20.`,
      );
    mix[route] = Number(match[2]);
  }
  if (!Object.values(mix).some((share) => share > 0))
    throw new Error('At least one share must be above zero.');
  return mix;
}
