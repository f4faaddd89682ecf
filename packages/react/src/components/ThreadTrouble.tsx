import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { ThreadState } from "../state/thread/thread-state.ts";
import type { Thread } from "../state/thread/thread.ts";
import { Button } from "./Button.tsx";
import { Icon } from "./Icon.tsx";

export interface ThreadTroubleProps {
  readonly thread: Thread;
  readonly state: ThreadState;
  /** Opens a conversation that has not begun. */
  readonly onNew: () => void;
}

/** In place of messages that are not there yet or cannot be: never an empty transcript. */
export function ThreadTrouble({ thread, state, onNew }: ThreadTroubleProps): ReactNode {
  const strings = useStrings();
  if (state.status === "loading") {
    return (
      <div className="ck-trouble">
        <p className="ck-hidden">{strings.loading}</p>
        <div className="ck-skeleton ck-column" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      </div>
    );
  }
  const missing = state.status === "missing";
  return (
    <div className="ck-trouble" role="alert">
      <Icon name="alert" />
      <h2>{missing ? strings.missing : strings.historyFailed}</h2>
      <p>{missing ? strings.missingDetail : `${strings.historyKept} ${state.failure ?? ""}`}</p>
      {missing ? (
        <Button tone="primary" icon={<Icon name="plus" />} label={strings.untitled} onPress={onNew} />
      ) : (
        <Button
          tone="primary"
          icon={<Icon name="retry" />}
          label={strings.retry}
          onPress={() => void thread.open()}
        />
      )}
    </div>
  );
}
