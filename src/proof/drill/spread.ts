export interface Spread {
  readonly p50: number;
  readonly max: number;
}

/** Median and worst of some milliseconds, whole; undefined where there is none. */
export function toSpread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: Math.round(sorted[(sorted.length - 1) >> 1]!), max: Math.round(sorted.at(-1)!) };
}
