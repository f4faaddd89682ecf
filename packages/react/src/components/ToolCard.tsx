import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { Content } from "../state/content.ts";

export interface ToolCardProps extends Pick<Extract<Content, { kind: "tool" }>, "call" | "result"> {
  /** `growing` while the answer is being made: a tool without a result is still at work. */
  readonly state: "growing" | "finished";
}

/** What a tool was asked and what it answered, folded away. */
export function ToolCard({ call, result, state }: ToolCardProps): ReactNode {
  const strings = useStrings();
  const answer =
    result === null || typeof result.result === "string"
      ? (result?.result ?? null)
      : JSON.stringify(result.result, null, 2);
  const failed = result?.error === true;
  const running = result === null && state === "growing";
  const told = failed ? strings.toolFailed : running ? strings.toolRunning : strings.toolUsed;
  return (
    <details className="ck-fold" data-error={failed ? "true" : undefined}>
      <summary>{call === null ? strings.tool : told(call.name)}</summary>
      {call !== null && <pre>{call.arguments}</pre>}
      {answer !== null && <pre>{answer as string}</pre>}
    </details>
  );
}
