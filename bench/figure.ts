import type { Lent } from './lent.ts';
import type { Resources } from './resources.ts';

/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  /** Of one round under load. */
  readonly seconds: number;
  /** Raw rows of the larger of the two filled databases; the other one has a tenth. */
  readonly rows: number;
  readonly importLines: number;
  readonly idleSeconds: number;
}

/** One round: what the floor gave, where there is one, and what Weir gave right behind it. */
export interface Round {
  readonly floor?: number;
  readonly weir: number;
}

export interface Bar {
  readonly side: 'least' | 'most';
  readonly value: number;
  /** Where it should be one day. */
  readonly aim?: number;
}

/** One line of the report. */
export interface Row {
  readonly title: string;
  /** Of `floor` and `weir`. */
  readonly unit: string;
  readonly floor: number | undefined;
  readonly weir: number;
  /** What the bar speaks of: the median of the rounds' ratios to the floor, or of Weir's own numbers where there is none. */
  readonly value: number;
  /** The least and the most of what `value` is the median of: far apart, something else was running. */
  readonly spread: readonly [number, number];
  readonly bar: Bar | undefined;
  readonly rounds: readonly Round[];
  readonly notes: readonly string[];
}

export interface Bench {
  readonly plan: Plan;
  readonly resources: Resources;
  readonly lent: Lent;
  /** Tells how far the figure has come. */
  readonly progress: (done: number, of: number, text: string) => void;
}

/** What is measured together, in one or several rows. */
export interface Figure {
  /** For `--only`. */
  readonly name: string;
  /** Kept open from the first to the last figure that uses it, closed for all others. */
  readonly uses: readonly (keyof Resources)[];
  /** Why it cannot be measured with what was lent; undefined where it can. */
  readonly whyNot?: (lent: Lent) => string | undefined;
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}

export function toRow(
  row: Pick<Row, 'title' | 'unit' | 'rounds'> & Partial<Pick<Row, 'bar' | 'notes'>>,
): Row {
  const { rounds } = row;
  const floors = rounds.flatMap((round) => round.floor ?? []);
  const values = rounds.map(({ floor, weir }) => (floor === undefined ? weir : weir / floor));
  return {
    title: row.title,
    unit: row.unit,
    floor: floors.length > 0 ? median(floors) : undefined,
    weir: median(rounds.map((round) => round.weir)),
    value: median(values),
    spread: [Math.min(...values), Math.max(...values)],
    bar: row.bar,
    rounds,
    notes: row.notes ?? [],
  };
}

/** NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The value that this share of them does not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;
}

/** Floor and Weir in turns, so that whatever else the machine does meets both. The first turn only warms up. */
export async function alternate<F, W>(
  bench: Bench,
  what: string,
  measureFloor: () => Promise<F>,
  measureWeir: () => Promise<W>,
): Promise<{ floor: F; weir: W }[]> {
  const { rounds } = bench.plan;
  const measured: { floor: F; weir: W }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    bench.progress(round, rounds + 1, round === 0 ? `${what}: warming up` : `${what}: round ${round}`);
    const floor = await measureFloor();
    const weir = await measureWeir();
    if (round > 0) measured.push({ floor, weir });
  }
  return measured;
}
