import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { Content } from "../state/content.ts";

export type ToolCardProps = Pick<Extract<Content, { kind: "tool" }>, "call" | "result">;

/** What a tool was asked and what it answered, folded away. */
export function ToolCard({ call, result }: ToolCardProps): ReactNode {
  const strings = useStrings();
  const answer =
    result === null || typeof result.result === "string"
      ? (result?.result ?? null)
      : JSON.stringify(result.result, null, 2);
  const failed = result?.error === true;
  const told = failed ? strings.toolFailed : strings.toolUsed;
  return (
    <details className="ck-fold" data-error={failed ? "true" : undefined}>
      <summary>{call === null ? strings.tool : told(call.name)}</summary>
      {call !== null && <pre>{call.arguments}</pre>}
      {answer !== null && <pre>{answer as string}</pre>}
    </details>
  );
}
