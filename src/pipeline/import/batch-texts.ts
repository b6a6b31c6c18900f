const FIRST_BYTES = 262_144;

/** What the events of a batch are told in, one after the other, in one buffer that grows. */
export interface Texts {
  /** Returns where it begins. */
  readonly add: (source: Buffer, from: number, to: number) => number;
  readonly bytes: () => Buffer;
  readonly length: () => number;
}

export function createTexts(): Texts {
  let bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let length = 0;
  return {
    add: (source, from, to) => {
      while (length + to - from > bytes.length) {
        const more = Buffer.allocUnsafeSlow(bytes.length * 2);
        bytes.copy(more);
        bytes = more;
      }
      length += source.copy(bytes, length, from, to);
      return length - (to - from);
    },
    bytes: () => bytes,
    length: () => length,
  };
}
