/**
 * The browser snippet: counts views, viewable views and clicks of marked elements.
 * Viewable follows the MRC guideline: at least 50 % of the pixels, for one continuous second, in a visible page.
 * Every event carries its own UUIDv7, so it may be sent as often as it takes: the server counts it once.
 */
type EventType = 'view' | 'true_view' | 'click';

interface TrackerEvent {
  event_id: string;
  type: EventType;
  campaign_id: number;
  occurred_at: string;
  page: string;
  referrer?: string;
}

declare global {
  interface Window {
    /** Set to true by the page once the visitor has agreed; read only with data-consent="required". */
    weirConsent?: boolean;
    /** Sends one event by hand: `weir('click', 12)`. */
    weir?: (type: EventType, campaignId: number) => void;
  }
  interface Navigator {
    globalPrivacyControl?: boolean;
  }
  interface Document {
    prerendering?: boolean;
  }
}

const MARK = 'data-weir-campaign';
const STORE = 'weir.queue';
const VIEWABLE_MS = 1000;
const BATCH = 20; // with capped addresses it stays below the 64 KB that browsers grant keepalive and beacon
const KEEP = 100;
const LONGEST_WAIT_MS = 60_000;

const script = document.currentScript as HTMLScriptElement;
const { auto, consent } = script.dataset;
const { origin } = new URL(script.src);
const endpoint = `${origin}/api/events`;

let queue: TrackerEvent[] = [];
let failures = 0;
let sending = false;
let timer = 0;
let credentials: RequestCredentials = 'same-origin';

// Where no cookies travel, a server that gives visitors one must not take each request for a newcomer.
const address = (): string =>
  credentials === 'omit' || location.origin !== origin ? `${endpoint}?cookies=omit` : endpoint;

const mayTrack = (): boolean =>
  navigator.doNotTrack !== '1' &&
  !navigator.globalPrivacyControl &&
  (consent !== 'required' || window.weirConsent === true);

const uuidv7 = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = (bytes[0]! & 15) | 0x70;
  bytes[2] = (bytes[2]! & 63) | 0x80;
  const hex =
    Date.now().toString(16).padStart(12, '0') +
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

const stored = (): TrackerEvent[] => {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORE) || '[]');
    return Array.isArray(value) ? value : [];
  } catch {
    return []; // storage refused (private window, sandboxed frame): the queue then lives as long as the page
  }
};

// Read, change, write: other tabs keep their unsent events in the same place.
const store = (change: (events: TrackerEvent[]) => TrackerEvent[]): void => {
  try {
    const events = change(stored()).slice(-KEEP);
    if (events.length) localStorage.setItem(STORE, JSON.stringify(events));
    else localStorage.removeItem(STORE);
  } catch {} // as above
};

const settle = (events: TrackerEvent[]): void => {
  const ids = new Set(events.map((event) => event.event_id));
  const others = (list: TrackerEvent[]) => list.filter((event) => !ids.has(event.event_id));
  queue = others(queue);
  store(others);
};

const schedule = (delayMs: number): void => {
  clearTimeout(timer);
  timer = window.setTimeout(flush, delayMs);
};

const flush = async (): Promise<void> => {
  if (sending || !queue.length || !mayTrack()) return;
  sending = true;
  const batch = queue.slice(0, BATCH);
  let waitMs = 0;
  try {
    // text/plain needs no preflight, so a page of another origin costs one request
    const answer = await fetch(address(), {
      method: 'POST',
      body: JSON.stringify(batch),
      headers: { 'content-type': 'text/plain' },
      keepalive: true,
      credentials,
    });
    const { status } = answer;
    if (status === 401 && credentials !== 'omit')
      credentials = 'omit'; // an expired sign-in: count the visitor
    else if (status > 499 || status === 429 || status === 408) {
      waitMs = Number(answer.headers.get('retry-after')) * 1000;
      throw status;
    } else settle(batch); // refused for good is settled too: repeating it would change nothing
    failures = 0;
  } catch {
    // unreachable or overloaded: the same ids again, later and later
    const backoffMs = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** failures++) * (0.75 + Math.random() / 2);
    waitMs = Math.max(waitMs || 0, backoffMs);
  }
  sending = false;
  if (queue.length) schedule(waitMs);
};

const track = (type: EventType, campaign_id: number): void => {
  if (!mayTrack() || !(campaign_id > 0)) return;
  const event: TrackerEvent = {
    event_id: uuidv7(),
    type,
    campaign_id,
    occurred_at: new Date().toISOString(),
    page: (location.origin + location.pathname).slice(0, 500), // no query: it may hold personal data
  };
  if (document.referrer) event.referrer = document.referrer.split(/[?#]/)[0]!.slice(0, 500);
  queue.push(event);
  queue = queue.slice(-KEEP);
  store((events) => [...events, event]);
  if (!failures) schedule(type === 'click' ? 0 : 100);
};

// A beacon's answer is never seen, so its events stay queued; the next page sends them again under the same ids.
const leave = (): void => {
  if (queue.length && mayTrack()) navigator.sendBeacon(address(), JSON.stringify(queue.slice(0, BATCH)));
};

const watch = (): void => {
  const seen = new WeakMap<Element, string>(); // element → the campaign whose view was sent
  const viewing = new Map<Element, number>(); // element → its running second
  const inView = new Set<Element>();
  const campaignOf = (element: Element): number => Number(element.getAttribute(MARK));

  const measure = (element: Element): void => {
    if (inView.has(element) && !document.hidden) {
      if (viewing.has(element)) return;
      const campaign = campaignOf(element);
      const done = () => {
        stop(element);
        inView.delete(element);
        intersections.unobserve(element);
        track('true_view', campaign);
      };
      viewing.set(element, window.setTimeout(done, VIEWABLE_MS));
    } else stop(element);
  };
  const stop = (element: Element): void => {
    clearTimeout(viewing.get(element));
    viewing.delete(element);
  };
  const intersections = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        if (intersectionRatio >= 0.5) inView.add(target);
        else inView.delete(target);
        measure(target);
      }
    },
    { threshold: 0.5 },
  );
  const scan = (): void => {
    for (const element of document.querySelectorAll(`[${MARK}]`)) {
      const campaign = element.getAttribute(MARK)!;
      if (seen.get(element) === campaign) continue;
      seen.set(element, campaign);
      track('view', Number(campaign));
      stop(element);
      intersections.unobserve(element); // observing anew reports the present state, also where the mark changed
      intersections.observe(element);
    }
  };
  const click = (event: MouseEvent): void => {
    const element = event.target instanceof Element && event.target.closest(`[${MARK}]`);
    if (!element || event.button > 1) return;
    const href = element instanceof HTMLAnchorElement ? element.href : '';
    // the counting redirect records this click itself
    if (!href.startsWith(`${origin}/t/c/`)) track('click', campaignOf(element));
  };

  scan();
  new MutationObserver(scan).observe(document, { childList: true, subtree: true, attributeFilter: [MARK] });
  document.addEventListener('click', click, true);
  document.addEventListener('auxclick', click, true); // the middle button opens a tab
  document.addEventListener('visibilitychange', () => inView.forEach(measure));
};

let started = false;
const start = (): void => {
  if (started || !mayTrack()) return;
  if (document.prerendering) {
    document.addEventListener('prerenderingchange', start, { once: true });
    return;
  }
  started = true;
  queue = stored();
  schedule(0);
  if (auto !== undefined) watch();
  addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', () => document.hidden && leave());
};

window.weir = (type, campaignId) => {
  start();
  track(type, campaignId);
};
addEventListener('weirconsent', () => {
  if (mayTrack()) start();
  else {
    // consent taken back: what was not sent is forgotten
    queue = [];
    store(() => []);
  }
});
start();

export {};
