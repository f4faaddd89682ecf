import type { History, Shares } from "@chatkeep/protocol";

/** What a person's page needs of a history. */
export type ChatHistory = Omit<
  History,
  | keyof Shares
  | "appendMessages"
  | "claimSession"
  | "close"
  | "deleteFile"
  | "deleteQueuedQuestion"
  | "eraseData"
  | "exportData"
  | "getContext"
  | "getFile"
  | "getUsage"
  | "listFiles"
  | "listQueuedQuestions"
  | typeof Symbol.asyncDispose
>;
