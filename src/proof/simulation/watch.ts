import { completeThrough, type Tables } from './tables.ts';
import type { VirtualTime } from './virtual-time.ts';

const SHOWN = 10;

/** What must hold at every step of a run. */
export interface Watch {
  readonly violate: (finding: string) => void;
  readonly findings: readonly string[];
  /** An append was answered `kept` or `duplicate` for these. */
  readonly acknowledged: (ids: readonly string[]) => void;
  readonly moved: (partition: number, from: number, to: number) => void;
  readonly step: () => void;
  /** Whether every acknowledged event is in the numbers, or parked. */
  readonly allSettled: () => boolean;
}

export function createWatch(time: VirtualTime, tables: Tables): Watch {
  const findings: string[] = [];
  const acknowledged: { readonly id: string; readonly at: number }[] = [];
  let settled = 0;
  let through = Number.NEGATIVE_INFINITY;

  function violate(finding: string): void {
    if (findings.length < SHOWN) findings.push(`at ${time.now().toFixed(1)} ms: ${finding}`);
  }

  function settle(): void {
    for (; settled < acknowledged.length; settled += 1) {
      const { id } = acknowledged[settled]!;
      if (!tables.counted.has(id) && !tables.parked.has(id)) return;
    }
  }

  return {
    violate,
    findings,
    acknowledged: (ids) => {
      for (const id of ids) acknowledged.push({ id, at: time.now() });
    },
    moved: (partition, from, to) => {
      if (to <= from) violate(`the position of lane ${partition} moves from ${from} to ${to}`);
    },
    step: () => {
      const now = completeThrough(tables);
      if (now === undefined || now === through) return;
      if (now < through) violate(`complete_through goes back from ${through} to ${now}`);
      through = now;
      settle();
      const next = acknowledged[settled];
      if (next && next.at < now)
        violate(
          `complete through ${now.toFixed(1)}, but ${next.id}, acknowledged at ${next.at.toFixed(1)}, is in no number`,
        );
    },
    allSettled: () => {
      settle();
      return settled === acknowledged.length;
    },
  };
}
