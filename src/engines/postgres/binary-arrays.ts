/**
 * PostgreSQL arrays in binary format (array_recv: dimensions, null flag, element type, length, lower bound, then each
 * element behind its length). A group of 64 events crosses as a handful of buffers instead of 1,200 quoted texts.
 */
const OID = { bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, timestamptz: 1184, uuid: 2950 };
const HEADER_BYTES = 20;
// PostgreSQL counts microseconds from 2000-01-01.
export const POSTGRES_EPOCH_MS = 946_684_800_000;

function startArray(oid: number, count: number, bodyBytes: number, hasNull: boolean): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(hasNull ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

function fixed<T>(
  oid: number,
  bytes: number,
  rows: readonly T[],
  write: (buffer: Buffer, row: T, at: number) => void,
): Buffer {
  const buffer = startArray(oid, rows.length, rows.length * (4 + bytes), false);
  let at = HEADER_BYTES;
  for (const row of rows) {
    buffer.writeInt32BE(bytes, at);
    write(buffer, row, at + 4);
    at += 4 + bytes;
  }
  return buffer;
}

export function int2Array<T>(rows: readonly T[], pick: (row: T) => number): Buffer {
  return fixed(OID.int2, 2, rows, (buffer, row, at) => buffer.writeInt16BE(pick(row), at));
}

export function int4Array<T>(rows: readonly T[], pick: (row: T) => number): Buffer {
  return fixed(OID.int4, 4, rows, (buffer, row, at) => buffer.writeInt32BE(pick(row), at));
}

export function int8Array<T>(rows: readonly T[], pick: (row: T) => number): Buffer {
  return fixed(OID.int8, 8, rows, (buffer, row, at) => writeInt8(buffer, pick(row), at));
}

/** `pick` gives milliseconds since the Unix epoch. */
export function timestamptzArray<T>(rows: readonly T[], pick: (row: T) => number): Buffer {
  return fixed(OID.timestamptz, 8, rows, (buffer, row, at) =>
    writeInt8(buffer, (pick(row) - POSTGRES_EPOCH_MS) * 1_000, at),
  );
}

export function uuidArray<T>(rows: readonly T[], pick: (row: T) => string): Buffer {
  return fixed(OID.uuid, 16, rows, (buffer, row, at) => {
    const id = pick(row);
    buffer.write(
      id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24),
      at,
      16,
      'hex',
    );
  });
}

export function textArray<T>(rows: readonly T[], pick: (row: T) => string | undefined): Buffer {
  return variable(
    OID.text,
    rows,
    pick,
    (value) => Buffer.byteLength(value),
    (buffer, value, at) => {
      buffer.write(value, at);
    },
  );
}

export function byteaArray<T>(rows: readonly T[], pick: (row: T) => Buffer | undefined): Buffer {
  return variable(
    OID.bytea,
    rows,
    pick,
    (value) => value.length,
    (buffer, value, at) => {
      value.copy(buffer, at);
    },
  );
}

function variable<T, V>(
  oid: number,
  rows: readonly T[],
  pick: (row: T) => V | undefined,
  size: (value: V) => number,
  write: (buffer: Buffer, value: V, at: number) => void,
): Buffer {
  const values = rows.map(pick);
  const sizes = values.map((value) => (value === undefined ? -1 : size(value)));
  const body = sizes.reduce((sum, bytes) => sum + 4 + Math.max(bytes, 0), 0);
  const buffer = startArray(oid, rows.length, body, sizes.includes(-1));
  let at = HEADER_BYTES;
  for (const [index, value] of values.entries()) {
    const bytes = sizes[index] ?? -1;
    buffer.writeInt32BE(bytes, at);
    at += 4;
    if (value === undefined) continue;
    write(buffer, value, at);
    at += bytes;
  }
  return buffer;
}

export function writeInt8(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 4_294_967_296);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 4_294_967_296, at + 4);
}
