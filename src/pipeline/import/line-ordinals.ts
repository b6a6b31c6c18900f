/** Words of a name that are compared: 96 bits. For a false match two of the remembered lines would have to agree in all of them. */
const WORDS = 3;
const NONE = -1;

/**
 * How often a name came before, of the `most` names that came last. Names are digests, as strings of bytes. Arrays and no
 * Map: a table of 200,000 strings took 30 MB and twice the time.
 */
export function createOrdinals(most: number): (digest: string) => number {
  // Less than half full, so that a search ends soon; a digest is its own hash.
  const mask = 2 ** Math.ceil(Math.log2(most * 2 + 1)) - 1;
  const places = new Int32Array(mask + 1).fill(NONE);
  const names = new Int32Array(most * WORDS);
  const times = new Uint32Array(most);
  const age = createAges(most);
  let used = 0;

  /** Where it stands, or the free place where it would. */
  function find(a: number, b: number, c: number): number {
    let at = a & mask;
    for (let slot = places[at]!; slot !== NONE; slot = places[at]!) {
      const name = slot * WORDS;
      if (names[name] === a && names[name + 1] === b && names[name + 2] === c) break;
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Those behind it move up, or a search would end at the hole. */
  function remove(slot: number): void {
    const name = slot * WORDS;
    let hole = find(names[name]!, names[name + 1]!, names[name + 2]!);
    for (let at = (hole + 1) & mask; places[at] !== NONE; at = (at + 1) & mask) {
      const home = names[places[at]! * WORDS]! & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      places[hole] = places[at]!;
      hole = at;
    }
    places[hole] = NONE;
  }

  function takeSlot(): number {
    if (used < most) return used++;
    const slot = age.oldest();
    remove(slot);
    age.leave(slot);
    return slot;
  }

  return (digest) => {
    const a = wordAt(digest, 0);
    const b = wordAt(digest, 4);
    const c = wordAt(digest, 8);
    const known = places[find(a, b, c)]!;
    if (known !== NONE) {
      age.leave(known);
      age.join(known);
      return times[known]!++;
    }
    const slot = takeSlot();
    names[slot * WORDS] = a;
    names[slot * WORDS + 1] = b;
    names[slot * WORDS + 2] = c;
    times[slot] = 1;
    places[find(a, b, c)] = slot;
    age.join(slot);
    return 0;
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

/** Four bytes of a digest. */
export function wordAt(digest: string, at: number): number {
  return (
    (digest.charCodeAt(at) << 24) |
    (digest.charCodeAt(at + 1) << 16) |
    (digest.charCodeAt(at + 2) << 8) |
    digest.charCodeAt(at + 3)
  );
}
