import { type ReactNode, useEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";

export interface TitleFieldProps {
  readonly title: string;
  /** Called with the new title when Enter is pressed or the field is left; `null` after Escape or without a change. */
  readonly onEnd: (title: string | null, by: "key" | "leaving") => void;
}

/** A conversation's title while it is being written, in the place where it is shown. */
export function TitleField({ title, onEnd }: TitleFieldProps): ReactNode {
  const strings = useAllStrings();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(title);
  const ended = useRef(false);
  useEffect(() => field.current?.select(), []);
  // Leaving the field follows Enter and Escape, which take it away.
  const end = (named: string | null, by: "key" | "leaving"): void => {
    if (ended.current) return;
    ended.current = true;
    onEnd(named === title ? null : named, by);
  };
  return (
    <input
      ref={field}
      className="ck-field"
      value={text}
      maxLength={200}
      aria-label={strings.titleLabel}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => end(text, "leaving")}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") end(text, "key");
        if (event.key !== "Escape") return;
        // It closes the field, and nothing else: neither a dialog around it nor a running answer.
        event.preventDefault();
        event.stopPropagation();
        end(null, "key");
      }}
    />
  );
}
