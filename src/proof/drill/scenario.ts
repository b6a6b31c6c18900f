import type { LentName } from './lent-engines.ts';
import type { Rig } from './rig.ts';

/** One way to break a server. Further ones: see README.md beside this file. */
export interface Scenario {
  readonly name: string;
  /** One line for `weir drill --list`. */
  readonly title: string;
  /** It mounts volumes, so it runs in a process that alone sees them. */
  readonly ownMounts?: true;
  /** What an operator must lend to it: the rig's `engines`. */
  readonly engines?: readonly LentName[];
  /** Why it cannot run on this machine, and what to do about it; undefined where it can. */
  readonly findObstacle?: () => string | undefined;
  /**
   * Starts the server, breaks things under load, and stops the load. What it rejects with is a violation, too. Whether
   * every event was counted once is judged afterwards by whoever runs it.
   */
  readonly run: (rig: Rig, options: ScenarioOptions) => Promise<ScenarioReport>;
}

export interface ScenarioOptions {
  /** Where absent, the scenario's own number for a drill. */
  readonly kills?: number | undefined;
  readonly rounds?: number | undefined;
  /** Events a second. */
  readonly rate?: number | undefined;
  /** Of each part of a scenario that goes by time. */
  readonly seconds?: number | undefined;
  /** At its abort a scenario breaks nothing more and returns what it has. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number, text: string) => void;
}

export interface ScenarioReport {
  /** Promises that were broken, in words, beside lost and double events. */
  readonly violations: readonly string[];
  /** What it measured. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** What a reader must know of the figures: that this machine was too slow, for example. No violation. */
  readonly notes: readonly string[];
}

export interface DrillReport extends ScenarioReport {
  readonly name: string;
  readonly seed: number;
  /** Where data directory, server.log and history lie. */
  readonly dir: string;
  readonly history: string;
  readonly passed: boolean;
  /** Whether they are still there. */
  readonly kept: boolean;
  /** Whether it was stopped before its last kill. */
  readonly interrupted: boolean;
  readonly events: number;
  readonly unknown: number;
  readonly lost: number;
  readonly dup: number;
  readonly mismatch: number;
  /** The first of what is lost, double or else, in words. */
  readonly findings: readonly string[];
}
