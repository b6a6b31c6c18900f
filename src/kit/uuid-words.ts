/** Where groups of four digits begin in a UUID as text. */
const FOURS = [0, 4, 9, 14, 19, 24, 28, 32];

const HEX = new Uint8Array(103);
for (let digit = 0; digit < 16; digit += 1) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** The 16 bits of the `index`th of a UUID's eight fours. A hex decoder wants the hyphens cut out first, which costs more. */
export function fourOf(uuid: string, index: number): number {
  const at = FOURS[index]!;
  return (
    (HEX[uuid.charCodeAt(at)]! << 12) |
    (HEX[uuid.charCodeAt(at + 1)]! << 8) |
    (HEX[uuid.charCodeAt(at + 2)]! << 4) |
    HEX[uuid.charCodeAt(at + 3)]!
  );
}

/** A UUID as four words of 32 bits, written at `at`. */
export function writeWords(uuid: string, into: Int32Array, at: number): void {
  for (let word = 0; word < 4; word += 1)
    into[at + word] = (fourOf(uuid, word * 2) << 16) | fourOf(uuid, word * 2 + 1);
}
