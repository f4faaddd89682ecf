import { type ReactNode, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useSnapshot } from "../hooks/useSnapshot.ts";
import type { Conversations } from "../state/conversations.ts";
import { sentenceOf } from "../state/failure.ts";
import { titleOf } from "../state/title.ts";
import { Button } from "./Button.tsx";
import { MoreIcon } from "./MoreIcon.tsx";

export interface UndoNoticeProps {
  readonly conversations: Conversations;
  /** Called with the restored conversation. */
  readonly onRestore?: ((conversationId: string) => void) | undefined;
}

/** Offers to restore the last deleted conversation, for ten seconds. */
export function UndoNotice({ conversations, onRestore }: UndoNoticeProps): ReactNode {
  const strings = useAllStrings();
  const { removed } = useSnapshot(conversations);
  const [failure, setFailure] = useState<string | null>(null);
  const last = removed[0];
  const undo = async (id: string): Promise<void> => {
    try {
      await conversations.restore(id);
      setFailure(null);
      onRestore?.(id);
    } catch (error) {
      setFailure(sentenceOf(error));
    }
  };
  const tone = failure === null ? undefined : "trouble";
  return (
    <div className={last === undefined ? undefined : "ck-undo ck-notice"} data-tone={tone}>
      <output className="ck-notice-text">
        {last !== undefined && (failure ?? strings.deletedNamed(titleOf(last, strings)))}
      </output>
      {last !== undefined && (
        <Button icon={<MoreIcon name="undo" />} label={strings.undo} onPress={() => void undo(last.id)} />
      )}
    </div>
  );
}
