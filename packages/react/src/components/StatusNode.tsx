import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { Outcome } from "../state/thread/thread-state.ts";

export interface StatusNodeProps {
  readonly outcome: Outcome;
}

/** Tells people who do not see the page about boundaries only: two entries for an answer of any length. */
export function StatusNode({ outcome }: StatusNodeProps): ReactNode {
  const strings = useStrings();
  return <output className="ck-hidden">{strings.outcomes[outcome]}</output>;
}
