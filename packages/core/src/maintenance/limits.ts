/** Maximum sizes. Each can be set with `createHistory`. */
export interface Limits {
  /** Code points of a person's message. Default 10,000. */
  readonly userText: number;
  /** Bytes of a message's parts as JSON. Default 4 MiB. */
  readonly messageBytes: number;
  /** UTF-16 units of an answer. Default 8 Mi. A longer answer fails its turn and keeps the text before. */
  readonly answerLength: number;
  /** Bytes of a message's or conversation's metadata as JSON. Default 16 KiB. */
  readonly metadataBytes: number;
  /** Messages in one append. Default 1,000. */
  readonly batch: number;
  /** UTF-16 units of text in one append of several messages (default 500,000: PostgreSQL indexes it in 0.2 s, Chinese in 2 s). */
  readonly batchText: number;
  /** Conversations of one owner, without deleted ones. Default 10,000. */
  readonly conversations: number;
  /** Milliseconds that a temporary conversation is kept. Default one day. */
  readonly temporary: number;
  /** Bytes of one file. Default 64 MiB. */
  readonly fileBytes: number;
  /** Bytes of all files of one owner. Default 1 GiB. */
  readonly ownerFileBytes: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: Limits = {
  userText: 10_000,
  messageBytes: 4 * 1024 * 1024,
  answerLength: 8 * 1024 * 1024,
  metadataBytes: 16 * 1024,
  batch: 1000,
  batchText: 500_000,
  conversations: 10_000,
  temporary: 24 * 3_600_000,
  fileBytes: 64 * 1024 * 1024,
  ownerFileBytes: 1024 * 1024 * 1024,
};
