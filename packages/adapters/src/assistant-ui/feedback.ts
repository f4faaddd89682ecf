import type { FeedbackAdapter, ThreadMessageLike } from "@assistant-ui/react";
import type { Feedback, History, Owner } from "@chatkeep/protocol";

import { storedId } from "./stored-id.ts";

export interface FeedbackOptions {
  /** `createClient({ baseUrl })` in a browser. */
  readonly history: Pick<History, "setFeedback">;
  readonly owner: Owner;
  /** The conversation that is shown. Asked at every call. */
  readonly conversationId: () => string | undefined;
  /** Called when feedback could not be stored: assistant-ui shows it as given already. */
  readonly onError: (error: unknown) => void;
}

/** Stores a person's feedback on an answer. A history loads it with its messages, and assistant-ui shows it again. */
export function createFeedbackAdapter(options: FeedbackOptions): FeedbackAdapter {
  const { history, owner, conversationId, onError } = options;
  return {
    submit({ message, type, comment = null }) {
      const rating = type === "positive" ? "up" : "down";
      history
        .setFeedback(owner, conversationId() ?? "", storedId(message), { rating, comment })
        .catch(onError);
    },
  };
}

type Submitted = NonNullable<NonNullable<ThreadMessageLike["metadata"]>["submittedFeedback"]>;

/** Feedback as assistant-ui shows it. */
export function submittedOf({ rating, comment }: Feedback): Submitted {
  return { type: rating === "up" ? "positive" : "negative", ...(comment === null ? {} : { comment }) };
}
