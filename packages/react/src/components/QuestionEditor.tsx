import { type ReactNode, useEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { isTouch } from "../state/pointer.ts";
import { LONGEST } from "./Composer.tsx";

/** Edits a stored question in its place. Until it is sent nothing is changed anywhere. */
export function QuestionEditor(props: {
  readonly text: string;
  readonly onCancel: () => void;
  readonly onSend: (text: string) => void;
  /** Told what was typed when this goes away, neither sent nor cancelled. */
  readonly onLeft: (text: string) => void;
}): ReactNode {
  const { onCancel, onSend, onLeft } = props;
  const strings = useAllStrings();
  const [text, setText] = useState(props.text);
  const field = useRef<HTMLTextAreaElement>(null);
  /** What was typed and neither sent nor cancelled. */
  const open = useRef("");
  useEffect(() => {
    const message = field.current?.closest("article");
    field.current?.focus();
    return () => {
      if (open.current !== "") return onLeft(open.current);
      // Back to the button that opened it, which is there again once this is gone.
      requestAnimationFrame(() =>
        message?.querySelector<HTMLElement>(":scope > .ck-actions > button")?.focus(),
      );
    };
    // oxlint-disable-next-line react/exhaustive-deps -- only when it appears and goes
  }, []);
  const sendable = text.trim() !== "" && Array.from(text).length <= LONGEST;
  const send = (): void => {
    if (!sendable) return;
    open.current = "";
    onSend(text);
  };
  const cancel = (): void => {
    open.current = "";
    onCancel();
  };
  return (
    <form
      className="ck-composer ck-editor"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        rows={Math.min(8, text.split("\n").length)}
        value={text}
        aria-label={strings.edit}
        onChange={(event) => setText((open.current = event.target.value))}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || event.keyCode === 229) return;
          if (event.key === "Escape") {
            event.stopPropagation();
            cancel();
          }
          const plain = !event.shiftKey && !isTouch();
          if (event.key !== "Enter" || !(plain || event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          send();
        }}
      />
      <div className="ck-actions">
        <button type="button" className="ck-button ck-quiet" onClick={cancel}>
          {strings.cancel}
        </button>
        <button type="submit" className="ck-button ck-primary" disabled={!sendable}>
          {strings.send}
        </button>
      </div>
    </form>
  );
}
