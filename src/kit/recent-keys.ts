const NONE = -1;
// 2^32 over the golden ratio, odd: neighbouring keys part (Knuth, "Multiplicative hashing").
const SPREAD = 0x9e3779b1;

/** Keys of some 32-bit words each, those that were used last, every one at a slot of its own. */
export interface RecentKeys {
  /** The caller writes here which key `find` and `add` are about. */
  readonly key: Int32Array;
  /** Its slot, and from now on it is the one used last; -1 where it is not there. */
  readonly find: () => number;
  /** A slot for a key that is not there: the next one, or that of the key that nobody used for longest. */
  readonly add: () => number;
}

/**
 * Up to `most` keys of `words` words. What belongs to a key is kept by the caller, in arrays by slot. Arrays and no Map:
 * a table of 200,000 strings took 30 MB and twice the time, and the collector carries none of it along.
 */
export function createRecentKeys(most: number, words: number): RecentKeys {
  const key = new Int32Array(words);
  const keys = new Int32Array(most * words);
  // Less than half full, so that a search ends soon. Slots plus one, so that memory nobody used stays untouched.
  const mask = 2 ** Math.ceil(Math.log2(most * 2 + 1)) - 1;
  const places = new Int32Array(mask + 1);
  const age = createAges(most);
  let used = 0;

  function homeOf(from: Int32Array, at: number): number {
    let hash = 0;
    for (let word = at; word < at + words; word += 1) {
      hash = Math.imul(hash ^ from[word]!, SPREAD);
      hash ^= hash >>> 15;
    }
    return hash & mask;
  }

  function isKey(slot: number): boolean {
    const at = slot * words;
    for (let word = 0; word < words; word += 1) if (keys[at + word] !== key[word]) return false;
    return true;
  }

  /** Those behind it move up, or a search would end at the hole. */
  function remove(slot: number): void {
    let hole = homeOf(keys, slot * words);
    while (places[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const home = homeOf(keys, (places[at]! - 1) * words);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      places[hole] = places[at]!;
      hole = at;
    }
    places[hole] = 0;
  }

  function takeSlot(): number {
    if (used < most) return used++;
    const slot = age.oldest();
    remove(slot);
    age.leave(slot);
    return slot;
  }

  return {
    key,
    find: () => {
      for (let at = homeOf(key, 0); places[at] !== 0; at = (at + 1) & mask) {
        const slot = places[at]! - 1;
        if (!isKey(slot)) continue;
        age.leave(slot);
        age.join(slot);
        return slot;
      }
      return NONE;
    },
    add: () => {
      const slot = takeSlot();
      keys.set(key, slot * words);
      let at = homeOf(key, 0);
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = slot + 1;
      age.join(slot);
      return slot;
    },
  };
}

/** Slots in the order in which they were used last: a doubly linked ring through one more, which is no slot. */
function createAges(most: number) {
  const older = new Int32Array(most + 1);
  const newer = new Int32Array(most + 1);
  older[most] = most;
  newer[most] = most;
  return {
    oldest: () => newer[most]!,
    join: (slot: number): void => {
      const last = older[most]!;
      older[slot] = last;
      newer[slot] = most;
      newer[last] = slot;
      older[most] = slot;
    },
    leave: (slot: number): void => {
      newer[older[slot]!] = newer[slot]!;
      older[newer[slot]!] = older[slot]!;
    },
  };
}
