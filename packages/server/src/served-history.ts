import type { CoreHistory, Handles, PersonalData } from "@chatkeep/core";
import type { History } from "@chatkeep/protocol";

/** What a server serves: a {@link History} that keeps who did what to whose data, and knows a retry. A core history is one. */
export interface ServedHistory
  extends Omit<History, keyof PersonalData>, PersonalData, Handles, Pick<CoreHistory, "holdsMessages"> {}
