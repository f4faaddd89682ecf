import { type ReactNode, useEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { isTouch } from "../state/pointer.ts";
import { Button } from "./Button.tsx";
import { QuestionForm, lengthOf, LONGEST } from "./QuestionForm.tsx";

interface CommentFormProps {
  readonly text: string;
  readonly onCancel: () => void;
  readonly onSend: (text: string) => void;
}

/** The form for a comment on an answer. The comment may be empty. */
export function CommentForm({ text: before, onCancel, onSend }: CommentFormProps): ReactNode {
  const strings = useAllStrings();
  const [text, setText] = useState(before);
  const field = useRef<HTMLTextAreaElement>(null);
  const sendable = text !== before && lengthOf(text) <= LONGEST;
  useEffect(() => {
    if (!isTouch()) field.current?.focus();
  }, []);
  return (
    <QuestionForm
      className="ck-composer ck-editor ck-comment"
      text={text}
      sendable={sendable}
      field={field}
      label={strings.commentLabel}
      placeholder={strings.commentLabel}
      onText={setText}
      onSend={() => onSend(text)}
      onEscape={onCancel}
    >
      <div className="ck-actions">
        <Button tone="quiet" label={strings.cancel} onPress={onCancel} />
        <button type="submit" className="ck-button ck-primary" disabled={!sendable}>
          {strings.send}
        </button>
      </div>
    </QuestionForm>
  );
}
