import { type ReactNode, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type * as Facts from "./AnswerFacts.tsx";
import { Later } from "./Later.tsx";

/** What is known of an answer beside its text, below its buttons; it is loaded and read when it is asked for. */
export function AnswerDetails(props: Facts.AnswerFactsProps): ReactNode {
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
          <Later load={loadFacts} failed={strings.detailsFailed}>
            {({ AnswerFacts }) => <AnswerFacts {...props} />}
          </Later>
        </div>
      )}
    </>
  );
}

const loadFacts = (): Promise<typeof Facts> => import("./AnswerFacts.tsx");
