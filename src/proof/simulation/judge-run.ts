import type { HistoryEntry } from './simulated-client.ts';
import type { World } from './simulated-world.ts';
import { type Counts, countEvent, type SimulatedEvent } from './tables.ts';

/** What must hold once nothing waits: each client's knowledge against the log, the log against every number. */
export function judgeRun(world: World, history: readonly HistoryEntry[]): void {
  judgeHistory(world, history);
  judgeCounts(world);
  judgeSeals(world);
}

function judgeHistory({ tables, watch }: World, history: readonly HistoryEntry[]): void {
  const byId = Map.groupBy(history, (entry) => entry.id);
  const keptById = new Map<string, SimulatedEvent[]>();
  for (const [id, copies] of tables.copies) {
    const root = rootOf(id);
    keptById.set(root, [...(keptById.get(root) ?? []), ...copies]);
    if (!byId.has(root)) watch.violate(`nobody sent ${id}`);
  }
  for (const [id, entries] of byId) {
    const copies = keptById.get(id) ?? [];
    if (copies.length > 1) watch.violate(`${id} is ${copies.length} rows`);
    const kept = copies[0];
    const same = (entry: HistoryEntry) => kept !== undefined && sameDeed(entry.event, kept);
    const lost = entries.find((entry) => entry.known === 'ok' && !same(entry));
    if (lost)
      watch.violate(`${id} was acknowledged, and the log holds ${kept ? 'another event' : 'nothing'}`);
    if (kept && entries.filter(same).every((entry) => entry.known === 'fail'))
      watch.violate(`${id} was refused to everyone who sent it, and is in the log`);
    if (kept?.unstorable) watch.violate(`${id} cannot be stored, and is in the log`);
  }
}

/** A repeat under another id (only a planted fault makes one) is a copy all the same. */
const rootOf = (id: string) => (id.endsWith("'") ? id.slice(0, id.indexOf("'")) : id);

const sameDeed = (a: SimulatedEvent, b: SimulatedEvent) => a.subject === b.subject && a.type === b.type;

function judgeCounts({ tables, watch }: World): void {
  const fresh: Counts = { counters: new Map(), sets: new Map() };
  for (const [id, [event]] of tables.copies) {
    const counted = tables.counted.get(id) ?? 0;
    const parked = tables.parked.get(id) ?? 0;
    const uncountable = event!.failures === Number.POSITIVE_INFINITY;
    if (!uncountable) countEvent(fresh, event!);
    if (counted !== (uncountable ? 0 : 1)) watch.violate(`${id} was counted ${counted} times`);
    if (parked !== (uncountable ? 1 : 0)) watch.violate(`${id} was parked ${parked} times`);
  }
  for (const what of ['counters', 'sets'] as const) {
    const keys = new Set([...fresh[what].keys(), ...tables[what].keys()]);
    for (const key of keys) {
      if (fresh[what].get(key) !== tables[what].get(key))
        watch.violate(`${what} ${key}: ${tables[what].get(key)}, the log gives ${fresh[what].get(key)}`);
    }
  }
}

/** The seals of a lane are a chain without gaps from 0 to its position, and hold each of its rows once. */
function judgeSeals({ tables, watch }: World): void {
  const byLane = Map.groupBy(tables.seals, (seal) => seal.partition);
  for (const [lane, { rows }] of tables.lanes) {
    const seals = (byLane.get(lane) ?? []).sort((a, b) => a.after - b.after);
    let end = 0;
    for (const seal of seals) {
      if (seal.after !== end)
        watch.violate(`a seal of lane ${lane} begins at ${seal.after}, the one before ends at ${end}`);
      end = seal.upTo;
    }
    if (end !== (tables.positions.get(lane)?.position ?? 0))
      watch.violate(`the seals of lane ${lane} end at ${end}`);
    const sealed = seals.flatMap((seal) => seal.ids).join();
    if (sealed !== rows.map((row) => row.event.id).join())
      watch.violate(`the seals of lane ${lane} hold other rows`);
  }
}
