import type pg from 'pg';
import { COPY_GROUP } from './copy-rows.ts';

/**
 * One COPY, its data sent behind the command without waiting for the server's word: one round trip, one commit. Where the
 * command or a row is refused, the server passes over the rest of the data by itself (PostgreSQL, "COPY Operations").
 * Rejects as `client.query` does; then nothing was kept, unless the connection was lost.
 */
export function copyGroup(client: pg.Client, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new GroupCopy(data, (error) => (error ? reject(error) : resolve())));
  });
}

/** What pg's connection has and its types lack. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** pg's own way to add a kind of query: the client calls `submit`, then one `handle…` for each message. */
class GroupCopy implements pg.Submittable {
  readonly #data: Buffer;
  /** The client wraps it to end its own timer. */
  callback: (error: Error | undefined) => void;

  constructor(data: Buffer, callback: (error: Error | undefined) => void) {
    this.#data = data;
    this.callback = callback;
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    wire.stream.cork();
    wire.query(COPY_GROUP);
    wire.sendCopyFromChunk(this.#data);
    wire.endCopyFrom();
    wire.stream.uncork();
  }

  handleCopyInResponse(): void {}

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(undefined);
  }

  handleError(error: Error): void {
    this.callback(error);
    this.callback = () => undefined;
  }
}
