import type { ReactNode } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import type { Entry } from "../../state/thread/entry.ts";
import type { Thread } from "../../state/thread/thread.ts";
import { ToolCard } from "./ToolCard.tsx";
import { Unsent } from "./Unsent.tsx";

interface ToolMessageProps {
  readonly entry: Entry;
  readonly thread: Thread;
}

/** A message of results and approvals. What belongs to a call that is shown is shown there, and not here. */
export function ToolMessage({ entry, thread }: ToolMessageProps): ReactNode {
  const strings = useAllStrings();
  const { id, status, parts } = entry;
  return (
    <article className="ck-message ck-tools" data-id={id} data-status={status} tabIndex={-1}>
      <h2 className="ck-hidden">{strings.tool}</h2>
      {entry.delivery === "failed" && parts[0]?.type === "step" && <Unsent reply={entry} thread={thread} />}
      {parts.map((part, index) => {
        if (part.type === "tool-result")
          return <ToolCard key={index} call={null} result={part} state="finished" thread={thread} />;
        return part.type === "text" ? (
          <p key={index} className="ck-raw">
            {part.text}
          </p>
        ) : null;
      })}
    </article>
  );
}
