import { type ReactNode, useId } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import type { ThreadState } from "../state/thread/thread-state.ts";
import { numberIn } from "../strings/format.ts";
import type { Attached } from "./attach/attached.ts";
import { Icon } from "./Icon.tsx";
import { LONGEST, QuestionForm, type QuestionFormProps, isSendable, lengthOf } from "./QuestionForm.tsx";

export interface ComposerProps extends Pick<
  QuestionFormProps,
  "text" | "onText" | "onSend" | "field" | "before"
> {
  readonly onStop: () => void;
  readonly running: ThreadState["running"];
  readonly attached: Attached | undefined;
}

/** Where a question is asked. It is never blocked: while an answer runs, what is sent waits for its end. */
export function Composer({ onStop, running, attached, ...props }: ComposerProps): ReactNode {
  const strings = useStrings();
  const hint = useId();
  const length = lengthOf(props.text);
  const alone = attached?.files.length && props.text.trim() === "";
  const sendable = (alone || isSendable(props.text)) && attached?.isReady !== false;
  const near = length > LONGEST * 0.9;
  const stop = running?.stopping === true ? strings.stopping : strings.stop;
  return (
    <QuestionForm
      {...props}
      sendable={sendable}
      className="ck-composer"
      label={strings.messageLabel}
      placeholder={strings.messagePlaceholder}
      describedBy={hint}
    >
      {running !== null && (
        <button
          type="button"
          className="ck-button ck-round"
          aria-label={stop}
          title={stop}
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
        className={near ? "ck-hint" : "ck-hidden"}
        data-tone={length > LONGEST ? "trouble" : undefined}
      >
        {near ? strings.tooLong(numberIn(strings, length), numberIn(strings, LONGEST)) : strings.keyHint}
      </p>
    </QuestionForm>
  );
}
