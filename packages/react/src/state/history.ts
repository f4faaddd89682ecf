import type { History } from "@chatkeep/protocol";

/** What a person's page needs of a history. */
export type ChatHistory = Omit<
  History,
  | "appendMessages"
  | "claimSession"
  | "close"
  | "deleteFile"
  | "eraseData"
  | "exportData"
  | "getContext"
  | "getFile"
  | "listFiles"
  | typeof Symbol.asyncDispose
>;
