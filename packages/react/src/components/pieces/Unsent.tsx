import type { ReactNode } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import type { Entry } from "../../state/thread/entry.ts";
import type { Thread } from "../../state/thread/thread.ts";
import { Button, RetryButton } from "../Button.tsx";
import { Notice } from "../Notice.tsx";

export interface UnsentProps {
  /** What a person decided, or the wish to go on. */
  readonly reply: Entry;
  readonly thread: Thread;
}

/** Says that a reply to an answer could not be sent. Without it, it can be decided anew. */
export function Unsent({ reply, thread }: UnsentProps): ReactNode {
  const strings = useAllStrings();
  const { id, error } = reply;
  return (
    <Notice
      tone="trouble"
      actions={
        <>
          <RetryButton onPress={() => thread.retry(id)} />
          <Button tone="quiet" label={strings.cancel} onPress={() => void thread.withdraw(id)} />
        </>
      }
    >
      <strong>{strings.outcomes.not_sent}.</strong> {error?.detail}
    </Notice>
  );
}
