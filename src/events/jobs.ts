/**
 * The catalogue of jobs: work that a committed change makes due, done at least once by a worker. A payload holds ids, never
 * texts or addresses of people: whoever does the job reads what is true by then.
 */
export interface JobPayloads {
  /** Brings the search index up to what the post is now; also when it is deleted or hidden. */
  'index-post': { readonly post_id: number };
  /** Tells of a published post. */
  'notify-post': { readonly post_id: number };
  /** Tells of a comment. */
  'notify-comment': { readonly comment_id: number };
  /** Sends a notification to one device of its recipient. */
  'send-push': { readonly notification_id: number; readonly device_id: number };
  /** Makes the jobs of a message to all. */
  'send-broadcast': { readonly broadcast_id: number };
  /** Sends a message to all to one device. */
  'push-broadcast': { readonly broadcast_id: number; readonly member_id: number; readonly device_id: number };
  /** Makes the jobs of the digests that are due. */
  'plan-digests': Scheduled;
  /** Mails a member what was unread up to then. */
  'send-digest': { readonly member_id: number; readonly until: string };
  /** Removes the objects of a deleted attachment. */
  'remove-attachment': { readonly attachment_id: string };
  /** Deletes uploads that nobody finished. */
  'purge-attachments': Scheduled;
  /** Moves notifications that are past their days out of the inboxes. */
  'retire-notifications': Scheduled;
  /** Erases the notifications of an erased member that left the inbox before. */
  'erase-history': { readonly member_id: number };
  /** Removes for good what was deleted longer ago than it is kept. */
  'purge-posts': Scheduled;
  'purge-comments': Scheduled;
}

/** Payload of what a schedule makes: the occurrence, RFC 3339. */
export interface Scheduled {
  readonly scheduled_at: string;
}

export type JobKind = keyof JobPayloads;

/** A job to be written beside what it is about. */
export type NewJob = {
  [K in JobKind]: {
    readonly kind: K;
    readonly payload: JobPayloads[K];
    /** Not before then; at once where it is missing. */
    readonly runAt?: Date;
    /** Jobs of one kind and key that nobody has taken yet are one job, at the earliest of their instants. */
    readonly key?: string;
  };
}[JobKind];
