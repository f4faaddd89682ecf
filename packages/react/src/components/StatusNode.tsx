import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { Outcome } from "../state/thread/thread-state.ts";

export interface StatusNodeProps {
  readonly outcome: Outcome;
}

/** Announces boundaries only to people who do not see the page: two entries for an answer of any length. */
export function StatusNode({ outcome }: StatusNodeProps): ReactNode {
  const strings = useStrings();
  return <output className="ck-hidden">{strings.outcomes[outcome]}</output>;
}
