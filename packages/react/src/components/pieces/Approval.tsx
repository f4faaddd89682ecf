import type { ApprovalRequestPart, ToolCallPart } from "@chatkeep/protocol";
import { type ReactNode, useId } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import type { Entry } from "../../state/thread/entry.ts";
import type { Thread } from "../../state/thread/thread.ts";
import { Arguments } from "./Arguments.tsx";
import { Unsent } from "./Unsent.tsx";

export interface ApprovalProps {
  readonly call: ToolCallPart;
  /** The tool's name for people. */
  readonly name: string;
  readonly request: ApprovalRequestPart;
  /** A decision that could not be sent. */
  readonly reply: Entry | undefined;
  readonly thread: Thread;
}

/** Asks a person whether a call may be made, and shows what it would do. */
export function Approval({ call, name, request, reply, thread }: ApprovalProps): ReactNode {
  const strings = useAllStrings();
  const title = useId();
  const button = (approved: boolean, label: string, tone: "primary" | "plain"): ReactNode => (
    <button
      type="button"
      className={`ck-button ck-${tone}`}
      onClick={({ currentTarget }) => {
        const view = currentTarget.closest(".ck-thread");
        thread.send("", null, [{ type: "approval", id: request.id, approved }]);
        // The button is gone in a moment: the focus goes on to the next question.
        requestAnimationFrame(() =>
          view
            ?.querySelector<HTMLElement>(".ck-approval button, .ck-composer textarea")
            ?.focus({ preventScroll: true }),
        );
      }}
    >
      {label}
    </button>
  );
  return (
    <section className="ck-approval" aria-labelledby={title}>
      {/* The transcript is not live: this is said when it appears. */}
      <div role="alert">
        <h3 id={title}>{strings.approvalAsked(name)}</h3>
      </div>
      {request.reason !== undefined && <p>{request.reason}</p>}
      <Arguments text={call.arguments} />
      {reply === undefined ? (
        <div className="ck-row">
          {button(true, strings.approve, "primary")}
          {button(false, strings.deny, "plain")}
        </div>
      ) : (
        <Unsent reply={reply} thread={thread} />
      )}
    </section>
  );
}
