import type { Db } from '../../db/pool.ts';
import { BLOCK_ROWS, type RowBlock, type RowsToDigest } from '../../ports/raw-store.ts';

/** The bit of `flags` that the raw store keeps apart: the actor is a member. */
const MEMBER_BIT = 4;

const int8 = (value: string) => `(${value})::int8`;
const hex = (bytes: Buffer) => `'\\x${bytes.toString('hex')}'::bytea`;
/** Little-endian: PostgreSQL sends the highest byte first, so they are turned before. Its bit operators bind alike. */
const turned = (value: string, bytes: number) =>
  Array.from(
    { length: bytes },
    (_, at) => `(((${value} >> ${8 * at}) & 255) << ${8 * (bytes - 1 - at)})`,
  ).join(' | ');
const le8 = (value: string) => `int8send(${turned(int8(value), 8)})`;
const le4 = (value: string) => `int4send(${turned(`(${value})`, 4)})`;
/** As `le8`, of a number below 256. */
const small8 = (value: string) => `int8send(${int8(value)} << 56)`;

/** The order of types as hashing writes it, four bytes before the field's name. */
const TYPES = { number: 10, text: 15, object: 20, binary: 30, boolean: 40, instant: 45 };
const four = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const head = (type: keyof typeof TYPES, name: string) =>
  hex(Buffer.concat([four(TYPES[type]), Buffer.from(`${name}\0`)]));

const number = (name: string, value: string, encode = small8) =>
  `${head('number', name)} || ${encode(value)}`;
const instant = (name: string) => `${head('instant', name)} || ${le8(`date_part('epoch', ${name}) * 1000`)}`;
const uuid = (field: string, column: string) =>
  `${hex(Buffer.concat([four(TYPES.binary), Buffer.from(`${field}\0`), four(16), Buffer.from([4])]))} || uuid_send(${column})`;
const text = (name: string, value: string = name) =>
  `${head('text', name)} || ${le4(`octet_length(${value}) + 1`)} || convert_to(${value}, 'UTF8') || '\\x00'::bytea`;
const binary = (name: string) =>
  `${head('binary', name)} || ${le4(`length(${name})`)} || '\\x00'::bytea || ${name}`;
const optional = (value: string) => `coalesce(${value}, '')`;

/** A row of the log as the document that the raw store keeps of it, in the form that MongoDB hashes: `RowBlock` tells how. */
const HASHED = [
  hex(Buffer.concat([four(0), four(TYPES.object)])),
  uuid('_id', 'event_id'),
  number('subject_kind', 'subject_kind'),
  number('subject_id', 'subject_id', le8),
  number('type', 'type'),
  instant('occurred_at'),
  instant('received_at'),
  uuid('actor', 'actor'),
  `case when flags & ${MEMBER_BIT} <> 0 then ${head('boolean', 'member')} || '\\x01' else ${head('boolean', 'member')} || '\\x00' end`,
  number('rule', 'rule'),
  number('rule_version', 'case when rule = 0 then 0 else rule_version end', le8),
  number('flags', `flags & ~${MEMBER_BIT}`),
  number('source', 'source'),
  optional(`${text('network', 'network::text')} || ${binary('address_hash')} || ${binary('address_sealed')}`),
  optional(text('user_agent')),
  optional(text('referrer')),
  optional(text('page')),
  text('log', '$1::text'),
  number('partition', 'lane', le8),
  number('position', 'seq', le8),
  hex(four(0)),
].join(' || ');

/** Four bytes as a number, the lowest first. */
const FIRST_FOUR = [0, 1, 2, 3].map((at) => `(get_byte(hash, ${at})::int8 << ${8 * at})`).join(' | ');

const DIGEST_BLOCKS = `
with ends as (select * from unnest($3::int2[], $4::int8[]) as given (lane, position)),
waiting as (select payload ->> 'event_id' as id from dead_letters where origin = 'raw' and replayed_at is null)
select $1 as log, lane as partition, (seq - 1) / ${BLOCK_ROWS} as block, count(*) as rows, sum(${FIRST_FOUR}) as digest
from (
  select lane, seq, decode(md5(${HASHED}), 'hex') as hash
  from event_log join ends using (lane)
  where day = $2 and seq <= position and not exists (select from waiting where id = event_id::text)
    and ($5::timestamptz is null or received_at >= $5) and ($6::timestamptz is null or received_at < $6)
  -- Else each of the four bytes would hash the row anew.
  offset 0
) as hashed group by 2, 3`;

/** The log's rows, as `RawRecording.digestBlocks` gives those of the raw store; without those that it refused. */
export function digestLogBlocks(db: Db, log: string, rows: RowsToDigest): Promise<RowBlock[]> {
  const { day, ends, receivedFrom, receivedTo } = rows;
  return db.query<RowBlock>(DIGEST_BLOCKS, [
    log,
    day,
    ends.map((end) => end.partition),
    ends.map((end) => end.position),
    receivedFrom ?? null,
    receivedTo ?? null,
  ]);
}
