import type { PlantedFault } from './planted-faults.ts';
import type { Draw, RunPlan, Weather } from './run-plan.ts';
import type { SimulatedServer } from './simulated-server.ts';
import type { Tables } from './tables.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Watch } from './watch.ts';

/** What every part of one run stands in. */
export interface World {
  readonly time: VirtualTime;
  readonly draw: Draw;
  readonly plan: RunPlan;
  readonly tables: Tables;
  readonly server: SimulatedServer;
  readonly watch: Watch;
  /** Calm once trouble is over. */
  readonly weather: () => Weather;
  readonly planted: PlantedFault | undefined;
  /** Adds a line to the trace. */
  readonly note: (text: string) => void;
}
