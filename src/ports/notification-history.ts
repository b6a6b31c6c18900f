/**
 * Notifications that left the inbox.
 *
 * NH-1  `keep` resolves only after all of them are durable; kept again, each is there once.
 * NH-2  `list` gives a member's own, newest first, by places that are given once: none is lost or doubled over pages.
 * NH-3  `erase` leaves none of a member's.
 * NH-4  Trouble rejects with an EngineError.
 */
export interface NotificationHistory {
  readonly keep: (rows: readonly PastNotification[]) => Promise<void>;
  /** Older than this place. */
  readonly list: (memberId: number, before: number, limit: number) => Promise<readonly PastNotification[]>;
  readonly findPlace: (memberId: number, id: number) => Promise<number | undefined>;
  readonly erase: (memberId: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface PastNotification {
  readonly id: number;
  readonly member_id: number;
  readonly place: number;
  readonly type: string;
  readonly post_id: number;
  readonly comment_id: number | null;
  readonly actor_id: number;
  readonly created_at: Date;
  readonly read_at: Date | null;
  /** What a warning says. */
  readonly note: string;
}
