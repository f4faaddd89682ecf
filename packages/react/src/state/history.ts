import type { History } from "@chatkeep/protocol";

/** What a person's page needs of a history. */
export type ChatHistory = Omit<
  History,
  | "appendMessages"
  | "claimSession"
  | "close"
  | "deleteFile"
  | "deleteQueuedQuestion"
  | "eraseData"
  | "exportData"
  | "getContext"
  | "getFile"
  | "listFiles"
  | "listQueuedQuestions"
  | typeof Symbol.asyncDispose
>;
