import type { CoreHistory, Handles, PersonalData, IdempotencyKeys } from "@chatkeep/core";
import type { History } from "@chatkeep/protocol";

/** The history of a server: it also keeps an audit log, finds retries and reports its state. A core history is one. */
export interface ServedHistory
  extends
    Omit<History, keyof PersonalData | "forkConversation" | "forkShared">,
    PersonalData,
    Handles,
    IdempotencyKeys,
    Pick<
      CoreHistory,
      | "continueTurns"
      | "forkConversation"
      | "forkShared"
      | "holdsMessages"
      | "overview"
      | "runningTurns"
      | "setBudgets"
      | "stopBeginning"
      | "sumUsage"
      | "unsavedAnswers"
    > {}
