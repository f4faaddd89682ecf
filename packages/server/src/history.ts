import type { CoreHistory, Handles, PersonalData, IdempotencyKeys } from "@chatkeep/core";
import type { History } from "@chatkeep/protocol";

/**
 * What a server serves: a {@link History} that keeps who did what to whose data, knows a retry and tells how it
 * stands. A core history is one.
 */
export interface ServedHistory
  extends
    Omit<History, keyof PersonalData | "forkConversation">,
    PersonalData,
    Handles,
    IdempotencyKeys,
    Pick<
      CoreHistory,
      "forkConversation" | "holdsMessages" | "overview" | "runningTurns" | "unsavedAnswers"
    > {}
