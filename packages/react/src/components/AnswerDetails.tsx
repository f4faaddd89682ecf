import { type ReactNode, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type * as Facts from "./AnswerFacts.tsx";
import { Later } from "./Later.tsx";

/** What is known of an answer beside its text, folded away; it is loaded, made and read when it is unfolded first. */
export function AnswerDetails(props: Facts.AnswerFactsProps): ReactNode {
  const strings = useStrings();
  const [seen, setSeen] = useState<"never" | "once">("never");
  return (
    <details
      className="ck-details"
      onToggle={({ currentTarget: { open } }) => {
        if (open) setSeen("once");
      }}
    >
      <summary>{strings.details}</summary>
      {seen === "once" && (
        <Later load={loadFacts} failed={strings.detailsFailed}>
          {({ AnswerFacts }) => <AnswerFacts {...props} />}
        </Later>
      )}
    </details>
  );
}

const loadFacts = (): Promise<typeof Facts> => import("./AnswerFacts.tsx");
