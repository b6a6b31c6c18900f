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

/** Makes requests one after the other, at most `most` events each. The seed decides everything but the ids. */
export function createRequests(options: RequestOptions): (most: number) => LoadRequest {
  const { campaigns, random, token, visitors } = options;
  const { host, pathname } = new URL(options.url);
  const base = pathname.replace(/\/+$/, '');
  const pickRoute = createPicker(options.mix, random);
  const named = token !== undefined && visitors > 1;

  function makeEvent(pickType: (share: number) => EventType): SentEvent {
    const campaign_id = campaigns[Math.floor(random() * campaigns.length)]!;
    return { event_id: newEventId(), campaign_id, type: pickType(random()) };
  }

  function head(line: string, visitor: number, signed: boolean): string {
    const authorization = signed && token !== undefined ? `authorization: Bearer ${token}\r\n` : '';
    return `${line} HTTP/1.1\r\nhost: ${host}\r\n${describeVisitor(visitor, visitors)}${authorization}`;
  }

  function post(body: string, visitor: number): string {
    const framing = `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    return `${head(`POST ${base}/api/events`, visitor, true)}${framing}${body}`;
  }

  function toBody(event: SentEvent, visitor: number): object {
    return named ? { ...event, actor_id: `load-visitor-${visitor}` } : event;
  }

  return (most) => {
    const route = pickRoute();
    const visitor = visitors > 1 ? Math.floor(random() * visitors) : 0;
    if (route === 'batch') {
      const events = Array.from({ length: Math.min(most, options.batch) }, () => makeEvent(pickType));
      // Whoever sends batches speaks for many, where it may name them.
      const bodies = events.map((event) => toBody(event, named ? Math.floor(random() * visitors) : visitor));
      return { route, events, text: post(JSON.stringify(bodies), visitor) };
    }
    const event = makeEvent(TYPES[route]);
    const { event_id: id, campaign_id: campaign } = event;
    const events = [event];
    if (route === 'event')
      return { route, events, text: post(JSON.stringify(toBody(event, visitor)), visitor) };
    const line = {
      view: `GET ${base}/api/campaigns/${campaign}?event_id=${id}${event.type === 'view' ? '' : '&is_true_view=true'}`,
      click: `POST ${base}/api/campaigns/${campaign}?event_id=${id}`,
      pixel: `GET ${base}/t/v.gif?c=${campaign}&event_id=${id}`,
    }[route];
    const length = route === 'click' ? 'content-length: 0\r\n' : '';
    return { route, events, text: `${head(line, visitor, !named)}${length}\r\n` };
  };
}

const TYPES: Readonly<Record<Exclude<Route, 'batch'>, (share: number) => EventType>> = {
  event: pickType,
  view: (share) => (share < 0.7 ? 'view' : 'true_view'),
  click: () => 'click',
  pixel: () => 'view',
};

function pickType(share: number): EventType {
  if (share < 0.65) return 'view';
  return share < 0.95 ? 'true_view' : 'click';
}

function createPicker(mix: Mix, random: () => number): () => Route {
  const routes = ROUTES.filter((route) => (mix[route] ?? 0) > 0);
  if (routes.length < 2) return () => routes[0] ?? 'event';
  const sum = routes.reduce((total, route) => total + mix[route]!, 0);
  return () => {
    let left = random() * sum;
    for (const route of routes) {
      left -= mix[route]!;
      if (left < 0) return route;
    }
    return routes.at(-1)!;
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
