import type { ReactNode } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import type { Entry } from "../state/thread/entry.ts";
import { numberIn } from "../strings/format.ts";

/** Goes between the versions of a message. */
export function Versions(props: {
  readonly entry: Entry;
  readonly onShow: (id: string, step: -1 | 1) => void;
}): ReactNode {
  const { id, versions } = props.entry;
  const { index, count } = versions;
  const strings = useAllStrings();
  const button = (step: -1 | 1): ReactNode => (
    <button
      type="button"
      className="ck-button ck-quiet ck-square"
      aria-label={step < 0 ? strings.versionBefore : strings.versionAfter}
      disabled={index === (step < 0 ? 1 : count)}
      onClick={() => props.onShow(id, step)}
    >
      {/* The browser turns the sign where text runs from right to left. */}
      {step < 0 ? "‹" : "›"}
    </button>
  );
  return (
    <span className="ck-versions">
      {button(-1)}
      {numberIn(strings, index)} / {numberIn(strings, count)}
      {button(1)}
    </span>
  );
}
