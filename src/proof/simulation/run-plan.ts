/** What goes wrong by itself in each call, as shares of 1. */
export interface Weather {
  readonly lost: number;
  readonly refused: number;
  readonly slow: number;
  readonly silent: number;
}

export type Blow =
  | { readonly kind: 'kill-server'; readonly server: number; readonly downMs: number }
  | { readonly kind: 'kill-aggregator'; readonly aggregator: number; readonly downMs: number }
  | { readonly kind: 'end-session'; readonly server: number }
  | { readonly kind: 'freeze-session'; readonly server: number; readonly ms: number }
  | { readonly kind: 'freeze-database'; readonly ms: number }
  | { readonly kind: 'kill-database'; readonly downMs: number };

/** One run, drawn from its seed before it begins. */
export interface RunPlan {
  readonly servers: number;
  readonly aggregators: number;
  readonly requests: number;
  /** From the first request to the end of trouble. */
  readonly troubleMs: number;
  readonly giveUpMs: number;
  readonly maxGroup: number;
  readonly maxQueued: number;
  readonly countBatch: number;
  /** Shares of events. */
  readonly unstorable: number;
  readonly uncountable: number;
  readonly copies: number;
  readonly reused: number;
  readonly weather: Weather;
  readonly blows: readonly { readonly at: number; readonly blow: Blow }[];
}

export interface Draw {
  /** In [0, 1). */
  readonly share: () => number;
  readonly between: (from: number, to: number) => number;
  readonly whole: (from: number, to: number) => number;
  readonly pick: <T>(of: readonly T[]) => T;
  readonly chance: (share: number) => boolean;
}

export function createDraw(random: () => number): Draw {
  const between = (from: number, to: number) => from + random() * (to - from);
  const whole = (from: number, to: number) => Math.floor(between(from, to + 1));
  return {
    share: random,
    between,
    whole,
    pick: (of) => of[Math.floor(random() * of.length)]!,
    chance: (share) => random() < share,
  };
}

export function drawPlan(draw: Draw): RunPlan {
  const servers = draw.whole(1, 3);
  const aggregators = draw.whole(1, 3);
  const troubleMs = draw.between(1_500, 5_000);
  // A calm run now and then: what only shows without trouble must show too.
  const storm = draw.pick([0, 0.3, 1, 1, 2]);
  return {
    servers,
    aggregators,
    requests: draw.whole(40, 180),
    troubleMs,
    giveUpMs: draw.between(500, 6_000),
    maxGroup: draw.pick([3, 10, 40]),
    maxQueued: draw.pick([12, 60, 400]),
    countBatch: draw.pick([3, 10, 50, 500]),
    unstorable: draw.pick([0, 0, 0.03]),
    uncountable: draw.pick([0, 0.01, 0.05]),
    copies: draw.pick([0, 0.1, 0.4]),
    reused: draw.pick([0, 0.02]),
    weather: {
      lost: storm * draw.pick([0, 0.01, 0.04]),
      refused: storm * draw.pick([0, 0.01, 0.05, 0.3]),
      slow: storm * draw.pick([0, 0.02, 0.06]),
      silent: storm * draw.pick([0, 0.005, 0.02]),
    },
    blows: Array.from({ length: Math.round(storm * draw.whole(0, 4)) }, () => ({
      at: draw.between(50, troubleMs),
      blow: drawBlow(draw, servers, aggregators),
    })),
  };
}

function drawBlow(draw: Draw, servers: number, aggregators: number): Blow {
  const server = draw.whole(0, servers - 1);
  const downMs = draw.between(20, 1_500);
  const ms = draw.between(100, 5_000);
  return draw.pick<Blow>([
    { kind: 'kill-server', server, downMs },
    { kind: 'kill-aggregator', aggregator: draw.whole(0, aggregators - 1), downMs },
    { kind: 'end-session', server },
    { kind: 'freeze-session', server, ms },
    { kind: 'freeze-database', ms },
    { kind: 'kill-database', downMs },
  ]);
}
