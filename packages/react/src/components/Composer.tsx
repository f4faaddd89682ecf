import { type KeyboardEvent, type ReactNode, type RefObject, useId, useLayoutEffect, useRef } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { isTouch } from "../state/pointer.ts";
import type { ThreadState } from "../state/thread/thread-state.ts";
import { numberIn } from "../strings/format.ts";
import { Icon } from "./Icon.tsx";

export interface ComposerProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onSend: () => void;
  readonly onStop: () => void;
  readonly running: ThreadState["running"];
  readonly field: RefObject<HTMLTextAreaElement | null>;
}

/** The longest question, in code points; the server refuses a longer one. */
export const LONGEST = 10_000;
/** Some input methods report the Enter that ends a composition just after its end; in milliseconds. */
const COMPOSITION_TAIL = 30;

/** Where a question is written. It is never blocked: while an answer runs, what is sent waits for its end. */
export function Composer({ text, onText, onSend, onStop, running, field }: ComposerProps): ReactNode {
  const strings = useStrings();
  const hint = useId();
  const composedAt = useRef(Number.NEGATIVE_INFINITY);
  const length = text.length > LONGEST ? Array.from(text).length : text.length;
  const sendable = text.trim() !== "" && length <= LONGEST;

  useLayoutEffect(() => {
    if (field.current !== null) fitHeight(field.current);
  });

  const send = (): void => {
    if (sendable) onSend();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== "Enter" || event.shiftKey || isTouch()) return;
    const { isComposing, keyCode } = event.nativeEvent;
    if (isComposing || keyCode === 229 || event.timeStamp - composedAt.current < COMPOSITION_TAIL) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      className="ck-composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        value={text}
        placeholder={strings.messagePlaceholder}
        aria-label={strings.messageLabel}
        aria-describedby={hint}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
        onCompositionEnd={(event) => (composedAt.current = event.timeStamp)}
      />
      {running !== null && (
        <button
          type="button"
          className="ck-button ck-round"
          aria-label={running.stopping ? strings.stopping : strings.stop}
          title={running.stopping ? strings.stopping : strings.stop}
          disabled={running.stopping}
          onClick={onStop}
        >
          <Icon name="stop" />
        </button>
      )}
      {(running === null || sendable) && (
        <button
          type="submit"
          className="ck-button ck-round ck-primary"
          aria-label={strings.send}
          title={strings.send}
          disabled={!sendable}
        >
          <Icon name="send" />
        </button>
      )}
      <p
        id={hint}
        className={length > LONGEST * 0.9 ? "ck-hint" : "ck-hidden"}
        data-tone={length > LONGEST ? "trouble" : undefined}
      >
        {length > LONGEST * 0.9
          ? strings.tooLong(numberIn(strings, length), numberIn(strings, LONGEST))
          : strings.keyHint}
      </p>
    </form>
  );
}

/** Makes the field as high as its text; the style sheet caps it. */
function fitHeight(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
