import type { ReactNode } from "react";

import { useSnapshot } from "../hooks/useSnapshot.ts";
import { useStrings } from "../hooks/useStrings.ts";
import type { Selection } from "../state/selection.ts";
import { IconButton } from "./Button.tsx";

export interface SelectedTextProps {
  readonly selection: Selection;
}

/** Above the composer: the text of the page that the next question is about. */
export function SelectedText({ selection }: SelectedTextProps): ReactNode {
  const strings = useStrings();
  const text = useSnapshot(selection);
  if (text === null) return null;
  return (
    <div className="ck-about">
      <blockquote className="ck-selected" aria-label={strings.selectedText}>
        {text}
      </blockquote>
      <IconButton icon="close" label={strings.dropSelectedText} onPress={selection.clear} />
    </div>
  );
}
