/** Events a second, going evenly from one rate to the other. */
export interface RateSegment {
  readonly seconds: number;
  readonly from: number;
  readonly to: number;
}

/**
 * `poisson`: as many independent visitors come. `even`: one every 1/rate seconds, which never makes the small queues that
 * a server's higher percentiles are made of.
 */
export type Arrivals = 'poisson' | 'even';

/** One generator's share of a run that `of` of them make; `index` counts from 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

export interface Schedule {
  /** Of the whole share. */
  readonly events: number;
  readonly seconds: number;
  /** The instant of the next event, in milliseconds from the start; never before the one before it. */
  readonly next: () => number;
  /** How many events should have come by then. */
  readonly dueBy: (ms: number) => number;
}

/**
 * Instants of a run, known from the seed alone, whatever the server does. A Poisson process under a known total is as many
 * independent instants, sorted (Ross, Stochastic Processes, 2.3), and each is drawn from the one before it, so nothing is
 * kept: the count is exact, and a ramp is the same drawn over its integral.
 */
export function createSchedule(
  profile: readonly RateSegment[],
  arrivals: Arrivals,
  random: () => number,
  share: Share = { index: 0, of: 1 },
): Schedule {
  const areas = profile.map(({ seconds, from, to }) => (seconds * (from + to)) / 2);
  const area = areas.reduce((sum, one) => sum + one, 0);
  const total = Math.round(area);
  const events =
    Math.floor((total * (share.index + 1)) / share.of) - Math.floor((total * share.index) / share.of);
  let drawn = 0;
  let at = 0;

  /** When the profile has sent that much. */
  function toMs(sent: number): number {
    let left = sent;
    let startMs = 0;
    for (const [index, { seconds, from, to }] of profile.entries()) {
      if (left <= areas[index]! || index === profile.length - 1) {
        // The root of from·t + (to − from)·t² / 2s = left, in the form that a slope of zero does not break.
        const root = Math.sqrt(Math.max(0, from * from + (2 * left * (to - from)) / seconds));
        // A rest that is only rounding must not lie beyond the end, which is where a rate of zero would put it.
        return startMs + (left <= 0 ? 0 : Math.min(seconds * 1_000, (2_000 * left) / (from + root)));
      }
      left -= areas[index]!;
      startMs += seconds * 1_000;
    }
    return startMs;
  }

  function sentBy(ms: number): number {
    let left = ms / 1_000;
    let sent = 0;
    for (const { seconds, from, to } of profile) {
      const spent = Math.min(left, seconds);
      sent += spent * (from + ((to - from) * spent) / (2 * seconds));
      left -= spent;
      if (left <= 0) break;
    }
    return sent;
  }

  return {
    events,
    seconds: profile.reduce((sum, { seconds }) => sum + seconds, 0),
    next: () => {
      if (arrivals === 'even') at = (drawn + share.index / share.of) / events;
      // The least of n uniform instants in what is left.
      else at += (1 - at) * -Math.expm1(Math.log(1 - random()) / (events - drawn));
      drawn += 1;
      return toMs(at * area);
    },
    dueBy: (ms) => (area === 0 ? 0 : Math.min(events, (sentBy(ms) * events) / area)),
  };
}

/**
 * `from..to` is a straight line over the run, `from..to:n` as n equal steps; to be called with the run's seconds. Throws
 * an Error that says what is wrong.
 */
export function parseRamp(text: string): (seconds: number) => RateSegment[] {
  const match = /^(\d{1,6})\.\.(\d{1,6})(?::(\d{1,4}))?$/.exec(text);
  const [from, to, steps] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3] ?? 1)];
  if (!match || from + to === 0)
    throw new Error('It must be two rates, for example 500..5000, or 500..5000:10 for ten steps.');
  if (match[3] === undefined) return (seconds) => [{ seconds, from, to }];
  if (steps < 2) throw new Error('A ramp has at least two steps.');
  return (seconds) =>
    Array.from({ length: steps }, (_, step) => {
      const rate = from + ((to - from) * step) / (steps - 1);
      return { seconds: seconds / steps, from: rate, to: rate };
    });
}
