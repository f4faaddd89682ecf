import { type KeyboardEvent, type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";

import { isTouch } from "../state/pointer.ts";

/** The longest question, in code points; the server refuses a longer one. */
export const LONGEST = 10_000;
/** Some input methods report the Enter that ends a composition just after its end; in milliseconds. */
const COMPOSITION_TAIL = 30;

export interface QuestionFormProps {
  readonly className: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Called when a question that can be sent is sent. */
  readonly onSend: () => void;
  readonly onEscape?: (() => void) | undefined;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** Whether it can be sent now. */
  readonly sendable: boolean;
  /** What stands before the field. */
  readonly before?: ReactNode;
  /** What the field is called. */
  readonly label: string;
  readonly placeholder?: string | undefined;
  /** The id of what describes the field. */
  readonly describedBy?: string | undefined;
  /** Buttons and hints after the field. */
  readonly children: ReactNode;
}

/** Where a question is written. Enter sends; with Shift, and on a touch screen, it begins a new line. */
export function QuestionForm(props: QuestionFormProps): ReactNode {
  const { className, text, onText, onSend, onEscape, field, sendable, before } = props;
  const { label, placeholder, describedBy, children } = props;
  const composedAt = useRef(Number.NEGATIVE_INFINITY);
  useLayoutEffect(() => {
    if (field.current !== null) fitHeight(field.current);
  });
  const send = (): void => {
    if (sendable) onSend();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const { isComposing, keyCode } = event.nativeEvent;
    if (isComposing || keyCode === 229 || event.timeStamp - composedAt.current < COMPOSITION_TAIL) return;
    if (event.key === "Escape" && onEscape !== undefined) {
      event.stopPropagation();
      onEscape();
    }
    const plain = !event.shiftKey && !isTouch();
    if (event.key !== "Enter" || !(plain || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {before}
      <textarea
        ref={field}
        rows={1}
        value={text}
        placeholder={placeholder}
        aria-label={label}
        aria-describedby={describedBy}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
        onCompositionEnd={(event) => (composedAt.current = event.timeStamp)}
      />
      {children}
    </form>
  );
}

/** The length of a question as the server counts it: in code points. */
export function lengthOf(text: string): number {
  return text.length > LONGEST ? Array.from(text).length : text.length;
}

/** Whether there is something to send that is not too long. */
export function isSendable(text: string): boolean {
  return text.trim() !== "" && lengthOf(text) <= LONGEST;
}

/** Makes the field as high as its text where the style sheet cannot; that caps it, too. */
function fitHeight(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
