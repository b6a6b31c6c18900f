/**
 * Bytes by name.
 *
 * OS-1  `put` resolves only after the object is durable; read then, it is whole. Put again, it is the later one.
 * OS-2  `get` streams what was put; undefined where there is none. A reader never sees part of an object that is being put.
 * OS-3  `remove` of what is not there is success.
 * OS-4  Trouble rejects with an EngineError.
 */
export interface ObjectStore {
  /** `key`: letters, digits, `-`, `.` and `/`. */
  readonly put: (key: string, bytes: Buffer, type: string) => Promise<void>;
  readonly get: (key: string) => Promise<StoredObject | undefined>;
  readonly remove: (key: string) => Promise<void>;
}

export interface StoredObject {
  readonly bytes: number;
  readonly body: NodeJS.ReadableStream;
}
