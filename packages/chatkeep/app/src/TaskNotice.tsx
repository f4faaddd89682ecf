import { Notice } from "@chatkeep/react";
import type { ReactNode } from "react";

import type { Task } from "./useTask.ts";

/** What a task said at its end, also to those who do not see it. */
export function TaskNotice({ task: { status, sentence } }: { readonly task: Task }): ReactNode {
  return (
    <output>
      {sentence !== null && <Notice tone={status === "failed" ? "trouble" : "quiet"}>{sentence}</Notice>}
    </output>
  );
}
