import { type ReactNode, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { AnswerFactsProps } from "./AnswerFacts.tsx";
import { Later } from "./Later.tsx";
import { loadOnDemand } from "./load-on-demand.ts";

/** What is known of an answer beside its text, below its buttons; it is loaded and read when it is asked for. */
export function AnswerDetails(props: AnswerFactsProps): ReactNode {
  const strings = useStrings();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="ck-button ck-quiet"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {strings.details}
      </button>
      {open && (
        <div className="ck-details">
          <Later load={loadOnDemand} failed={strings.detailsFailed}>
            {({ AnswerFacts }) => <AnswerFacts {...props} />}
          </Later>
        </div>
      )}
    </>
  );
}
