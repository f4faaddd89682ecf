import { type ReactNode, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useAttempt } from "../hooks/useAttempt.ts";
import { useSnapshot } from "../hooks/useSnapshot.ts";
import { feedbackOf, giveFeedback, knownFeedback } from "../state/feedback.ts";
import type { Entry } from "../state/thread/entry.ts";
import { CommentForm } from "./CommentForm.tsx";
import { Icon } from "./Icon.tsx";
import type { MessageActions } from "./message-actions.ts";
import { MoreIcon } from "./MoreIcon.tsx";
import { FailureNotice } from "./Notice.tsx";

export interface FeedbackActionsProps {
  readonly entry: Entry;
  readonly actions: Pick<MessageActions, "chat" | "thread">;
}

/** Two buttons that rate an answer, and a field for why. */
export function FeedbackActions({ entry, actions }: FeedbackActionsProps): ReactNode {
  const strings = useAllStrings();
  const answer = { ...actions, entry };
  const feedback = feedbackOf(answer, useSnapshot(knownFeedback));
  const { failure, attempt, clear } = useAttempt();
  const [commenting, setCommenting] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  if (entry.role !== "assistant" || entry.delivery !== "saved") return null;
  const rate = (rating: "up" | "down"): void => {
    const isTaken = feedback?.rating === rating;
    setCommenting(!isTaken && rating === "down");
    attempt(giveFeedback(answer, isTaken ? null : { rating, comment: null }));
  };
  const close = (): void => {
    setCommenting(false);
    opener.current?.focus();
  };
  const about = (feedback?.comment ?? null) === null ? strings.comment : strings.editComment;
  const thumb = (rating: "up" | "down", label: string): ReactNode => (
    <button
      type="button"
      className={`ck-button ck-quiet ck-square ck-${rating}`}
      aria-label={label}
      title={label}
      aria-pressed={feedback?.rating === rating}
      onClick={() => rate(rating)}
    >
      <MoreIcon name="thumb" />
    </button>
  );
  return (
    <>
      <span className="ck-thumbs">
        {thumb("up", strings.goodAnswer)}
        {thumb("down", strings.badAnswer)}
        {feedback !== null && (
          <button
            ref={opener}
            type="button"
            className="ck-button ck-quiet ck-square"
            aria-label={about}
            title={about}
            aria-expanded={commenting}
            onClick={() => setCommenting(!commenting)}
          >
            <Icon name="chat" />
          </button>
        )}
      </span>
      {feedback !== null && commenting && (
        <CommentForm
          text={feedback.comment ?? ""}
          onCancel={close}
          onSend={(text) => {
            close();
            attempt(giveFeedback(answer, { ...feedback, comment: text.trim() === "" ? null : text }));
          }}
        />
      )}
      {failure !== null && (
        <div className="ck-comment">
          <FailureNotice failure={failure} onClose={clear} />
        </div>
      )}
    </>
  );
}

/** For a `ThreadView`: people rate answers. */
export function feedbackActions(entry: Entry, actions: MessageActions): ReactNode {
  return <FeedbackActions entry={entry} actions={actions} />;
}
