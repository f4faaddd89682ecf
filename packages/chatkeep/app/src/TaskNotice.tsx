import { Notice } from "@chatkeep/react";
import { type ReactNode, useEffect, useRef } from "react";

import type { Task } from "./useTask.ts";

/** What a task said at its end, brought into view, also to those who do not see it. */
export function TaskNotice({ task: { status, sentence } }: { readonly task: Task }): ReactNode {
  const shown = useRef<HTMLOutputElement>(null);
  useEffect(() => {
    if (sentence !== null) shown.current?.scrollIntoView({ block: "nearest" });
  }, [sentence]);
  return (
    <output ref={shown}>
      {sentence !== null && <Notice tone={status === "failed" ? "trouble" : "quiet"}>{sentence}</Notice>}
    </output>
  );
}
