import { IconButton, useStrings } from "@chatkeep/react";
import type { ReactNode } from "react";

export interface HeadProps {
  readonly view: "thread" | "history";
  readonly title: string;
  /** What people read of the place that the conversation is about; `null` when it has no name. */
  readonly place: string | null;
  /** Goes to the conversations, and back. */
  readonly onHistory: () => void;
  readonly onNew: () => void;
  /** Clears the conversation; absent while there is nothing to clear. */
  readonly onClear?: (() => void) | undefined;
  /** Absent where it cannot be closed. */
  readonly onClose?: (() => void) | undefined;
}

/** The head of the panel: what is shown, and what can be done with it. */
export function Head(props: HeadProps): ReactNode {
  const { view, title, place, onHistory, onNew, onClear, onClose } = props;
  const strings = useStrings();
  const inHistory = view === "history";
  return (
    // No `header`: outside of a page's `main` that is a second banner of the page.
    <div className="head" part="head">
      <IconButton
        icon={inHistory ? "back" : "menu"}
        label={inHistory ? strings.back : strings.conversations}
        onPress={onHistory}
      />
      <div className="head-text">
        <h2 tabIndex={-1}>{inHistory ? strings.conversations : title}</h2>
        {!inHistory && place !== null && <p>{place}</p>}
      </div>
      {!inHistory && onClear !== undefined && (
        <IconButton icon="trash" label={strings.clear} onPress={onClear} />
      )}
      <IconButton icon="plus" label={strings.untitled} onPress={onNew} />
      {onClose !== undefined && <IconButton icon="close" label={strings.close} onPress={onClose} />}
    </div>
  );
}
