import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { Entry } from "../state/thread/entry.ts";
import { numberIn } from "../strings/format.ts";

/** Goes between the versions of a message; nothing for a message that has only one. */
export function Versions(props: {
  readonly entry: Entry;
  readonly onShow: (id: string, step: -1 | 1) => void;
}): ReactNode {
  const { entry, onShow } = props;
  const strings = useStrings();
  const { index, count } = entry.versions;
  if (count < 2) return null;
  return (
    <span className="ck-versions">
      <button
        type="button"
        className="ck-button ck-quiet ck-square"
        aria-label={strings.versionBefore}
        disabled={index <= 1}
        onClick={() => onShow(entry.id, -1)}
      >
        <span aria-hidden="true">{strings.direction === "rtl" ? "›" : "‹"}</span>
      </button>
      <span>
        {numberIn(strings, index)} / {numberIn(strings, count)}
      </span>
      <button
        type="button"
        className="ck-button ck-quiet ck-square"
        aria-label={strings.versionAfter}
        disabled={index >= count}
        onClick={() => onShow(entry.id, 1)}
      >
        <span aria-hidden="true">{strings.direction === "rtl" ? "‹" : "›"}</span>
      </button>
    </span>
  );
}
