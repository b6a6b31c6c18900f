import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createRequests,
  type LoadRequest,
  parseMix,
  type RequestOptions,
  type Route,
} from './load-request.ts';
import { createRandom } from './random.ts';

function make(options: Partial<RequestOptions>, count: number): LoadRequest[] {
  const requests = createRequests({
    url: 'http://127.0.0.1:8000/base',
    campaigns: [3, 5],
    mix: { event: 1 },
    batch: 4,
    visitors: 1,
    token: undefined,
    random: createRandom(1),
    ...options,
  });
  const made: LoadRequest[] = [];
  while (made.length < count) {
    const request = requests.next();
    if (request) made.push(request);
  }
  return made;
}

const bodyOf = (request: LoadRequest) => JSON.parse(request.text.split('\r\n\r\n')[1]!);

test('a mix is kept by shares of requests', () => {
  const requests = make({ mix: parseMix('event=80,view=10,click=5,batch=4,pixel=1') }, 20_000);
  const share = (route: Route) => requests.filter((one) => one.route === route).length / 200;
  for (const [route, wanted] of Object.entries({ event: 80, view: 10, click: 5, batch: 4, pixel: 1 }))
    assert.ok(Math.abs(share(route as Route) - wanted) < 1, `${route}: ${share(route as Route)} %`);
});

test('each route is asked as it is documented, with the id of the one event it makes', () => {
  const lineOf = (route: Route) => {
    const [request] = make({ mix: { [route]: 1 } }, 1);
    const { event_id, campaign_id, type } = request!.events[0]!;
    return { line: request!.text.split('\r\n')[0], event_id, campaign_id, type };
  };
  const view = lineOf('view');
  const flag = view.type === 'true_view' ? '&is_true_view=true' : '';
  assert.equal(
    view.line,
    `GET /base/api/campaigns/${view.campaign_id}?event_id=${view.event_id}${flag} HTTP/1.1`,
  );
  const click = lineOf('click');
  assert.equal(
    click.line,
    `POST /base/api/campaigns/${click.campaign_id}?event_id=${click.event_id} HTTP/1.1`,
  );
  const pixel = lineOf('pixel');
  assert.equal(pixel.line, `GET /base/t/v.gif?c=${pixel.campaign_id}&event_id=${pixel.event_id} HTTP/1.1`);
  assert.deepEqual([click.type, pixel.type], ['click', 'view']);
  const [event] = make({}, 1);
  assert.deepEqual(bodyOf(event!), event!.events[0]);
  const [batch] = make({ mix: { batch: 1 } }, 1);
  assert.deepEqual(bodyOf(batch!), batch!.events);
  assert.equal(batch!.events.length, 4);
});

test('visitors differ by agent and address; an admin names them, and sends what cannot name one without the token', () => {
  const agents = new Set(make({ visitors: 50 }, 1_000).map((one) => /user-agent: (.*)\r/.exec(one.text)![1]));
  assert.equal(agents.size, 50);
  const signed = make({ visitors: 50, token: 'secret', mix: { event: 1, view: 1, batch: 1 } }, 200);
  for (const request of signed) {
    const names = request.route !== 'view';
    assert.equal(request.text.includes('authorization: Bearer secret'), names, request.route);
    if (names) for (const body of [bodyOf(request)].flat()) assert.match(body.actor_id, /^load-visitor-\d+$/);
  }
  const [member] = make({ token: 'secret' }, 1);
  assert.equal(bodyOf(member!).actor_id, undefined);
});

test('a batch leaves when it is full, the rest of one at the end, and none keeps other requests waiting', () => {
  const mix = { event: 5, batch: 1 };
  const requests = createRequests({
    url: 'http://127.0.0.1',
    campaigns: [1],
    mix,
    batch: 10,
    visitors: 1,
    token: undefined,
    random: createRandom(4),
  });
  const made = Array.from({ length: 1_005 }, requests.next);
  const sizes = made.map((request) => request?.events.length);
  assert.deepEqual(new Set(sizes), new Set([undefined, 1, 10]));
  // Between two batches, single events leave while the second one fills.
  const [first, second] = [sizes.indexOf(10), sizes.indexOf(10, sizes.indexOf(10) + 1)];
  assert.ok(sizes.slice(first + 1, second).includes(1));
  const rest = requests.rest()?.events.length ?? 0;
  assert.equal(
    sizes.reduce<number>((sum, size) => sum + (size ?? 0), rest),
    1_005,
  );
  assert.equal(requests.rest(), undefined);
});

test('a mix that is none is refused in words', () => {
  for (const text of ['', 'event', 'event=0', 'post=1', 'view=-1'])
    assert.throws(() => parseMix(text), /no share of a route|above zero/);
});
