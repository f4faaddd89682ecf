import { type ReactNode, useState } from "react";

import { useLoaded } from "../hooks/useLoaded.ts";
import { useStrings } from "../hooks/useStrings.ts";
import type * as Facts from "./AnswerFacts.tsx";
import { Notice } from "./Notice.tsx";
import { RetryButton } from "./RetryButton.tsx";

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
      {seen === "once" && <Unfolded {...props} />}
    </details>
  );
}

const loadFacts = (): Promise<typeof Facts> => import("./AnswerFacts.tsx");

function Unfolded(props: Facts.AnswerFactsProps): ReactNode {
  const strings = useStrings();
  const loaded = useLoaded(loadFacts);
  if (loaded.status === "loading") return null;
  if (loaded.status === "loaded") return <loaded.value.AnswerFacts {...props} />;
  return (
    <Notice tone="trouble" actions={<RetryButton onPress={loaded.retry} />}>
      {strings.detailsFailed}
    </Notice>
  );
}
