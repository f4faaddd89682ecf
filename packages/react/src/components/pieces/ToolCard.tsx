import type { Json, ToolCallPart, ToolResultPart } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import { useCall } from "../../hooks/useCall.ts";
import type { Content } from "../../state/content.ts";
import type { Thread } from "../../state/thread/thread.ts";
import { Approval } from "./Approval.tsx";
import { Arguments } from "./Arguments.tsx";

export interface ToolCardProps extends Pick<Extract<Content, { kind: "tool" }>, "call" | "result"> {
  /** `growing` while the answer is being made: a tool without a result is still at work. */
  readonly state: "growing" | "finished";
  readonly thread: Thread;
}

/** What a tool was asked and what it answered, folded away; open while a person is to approve it. */
export function ToolCard({ call, result, state, thread }: ToolCardProps): ReactNode {
  const strings = useAllStrings();
  const found = useCall(thread, (call ?? result) as ToolCallPart | ToolResultPart);
  // Shown with its call, in an earlier message.
  if (call === null && found.call !== undefined) return null;
  const { isOpen, request, approval, reply } = found;
  const name = call?.title ?? call?.name ?? strings.tool;
  const isAsked = approval === undefined || reply?.delivery === "failed";
  if (call !== null && isOpen && isAsked && request !== undefined && request.automatic !== true)
    return <Approval call={call} name={name} request={request} reply={reply} thread={thread} />;
  const last = found.result ?? result;
  const going = isOpen && (state === "growing" || approval !== undefined);
  const told =
    last?.denied === true || approval?.approved === false
      ? strings.toolDenied
      : last?.error === true
        ? strings.toolFailed
        : going
          ? strings.toolRunning
          : strings.toolUsed;
  return (
    <details className="ck-fold" data-error={told === strings.toolFailed ? "true" : undefined}>
      <summary>{call === null ? name : told(name)}</summary>
      {call !== null && <Arguments text={call.arguments} />}
      {last !== null && <pre>{textOf(last.result)}</pre>}
    </details>
  );
}

function textOf(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result, null, 2);
}
