import { type ReactNode, useEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { Button } from "./Button.tsx";
import { QuestionForm, isSendable } from "./QuestionForm.tsx";

interface QuestionEditorProps {
  readonly text: string;
  readonly onCancel: () => void;
  readonly onSend: (text: string) => void;
  /** Called with what was typed when this goes away, neither sent nor cancelled. */
  readonly onLeft: (text: string) => void;
}

/** Edits a stored question in its place. Until it is sent nothing is changed anywhere. */
export function QuestionEditor({ text: before, onCancel, onSend, onLeft }: QuestionEditorProps): ReactNode {
  const strings = useAllStrings();
  const [text, setText] = useState(before);
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
  const cancel = (): void => {
    open.current = "";
    onCancel();
  };
  return (
    <QuestionForm
      className="ck-composer ck-editor"
      text={text}
      sendable={isSendable(text)}
      field={field}
      label={strings.edit}
      onText={(typed) => setText((open.current = typed))}
      onSend={() => {
        open.current = "";
        onSend(text);
      }}
      onEscape={cancel}
    >
      <div className="ck-actions">
        <Button tone="quiet" label={strings.cancel} onPress={cancel} />
        <button type="submit" className="ck-button ck-primary" disabled={!isSendable(text)}>
          {strings.send}
        </button>
      </div>
    </QuestionForm>
  );
}
