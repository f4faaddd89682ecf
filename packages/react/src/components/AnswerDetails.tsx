import type { Message } from "@chatkeep/protocol";
import { type ReactNode, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { plainText } from "../markdown/plain.ts";
import type { Entry } from "../state/entry.ts";
import { sentenceOf } from "../state/failure.ts";
import { dollarsIn, momentIn, numberIn } from "../strings/format.ts";
import { Icon } from "./Icon.tsx";
import { Notice } from "./Notice.tsx";

/** What {@link AnswerDetails} takes. */
export interface AnswerDetailsProps {
  readonly entry: Entry;
  /** Reads what was recalled for a turn. */
  readonly readRecalled: (turnId: string) => Promise<readonly Message[]>;
  /** Shows a message by its number. */
  readonly onGoTo: (seq: number) => void;
}

/** What is known of an answer beside its text, folded away; what was recalled for it is read when it is opened. */
export function AnswerDetails({ entry, readRecalled, onGoTo }: AnswerDetailsProps): ReactNode {
  const strings = useStrings();
  const [recalled, setRecalled] = useState<Recalled>({ status: "unread" });
  // Made when somebody looks: dates alone are written at 1.2 ms each, a third of the time that 50 messages take to show.
  const [unfolded, setUnfolded] = useState(false);
  const { turnId, status, model, usage, createdAt } = entry;
  const read = async (): Promise<void> => {
    if (turnId === null) return;
    setRecalled({ status: "reading" });
    try {
      setRecalled({ status: "read", messages: await readRecalled(turnId) });
    } catch (error) {
      setRecalled({ status: "failed", failure: sentenceOf(error) });
    }
  };
  const { inputTokens = null, outputTokens = null, cost } = usage ?? {};
  const count = (tokens: number | null): string => (tokens === null ? "–" : numberIn(strings, tokens));
  return (
    <details
      className="ck-details"
      onToggle={({ currentTarget: { open } }) => {
        setUnfolded(open);
        if (open && recalled.status === "unread") void read();
      }}
    >
      <summary>{strings.details}</summary>
      {unfolded && (
        <dl>
          <dt>{strings.statusLabel}</dt>
          <dd>{strings.statuses[status]}</dd>
          {createdAt !== null && (
            <>
              <dt>{strings.time}</dt>
              <dd>{momentIn(strings, createdAt)}</dd>
            </>
          )}
          {model !== null && (
            <>
              <dt>{strings.model}</dt>
              <dd>{model}</dd>
            </>
          )}
          {(inputTokens !== null || outputTokens !== null) && (
            <>
              <dt>{strings.tokens}</dt>
              <dd>{strings.tokensUsed(count(inputTokens), count(outputTokens))}</dd>
            </>
          )}
          {cost !== undefined && (
            <>
              <dt>{strings.cost}</dt>
              <dd>{dollarsIn(strings, cost)}</dd>
            </>
          )}
          {turnId !== null && recalled.status === "read" && (
            <>
              <dt>{strings.recalled}</dt>
              <dd>
                <RecalledMessages messages={recalled.messages} onGoTo={onGoTo} />
              </dd>
            </>
          )}
        </dl>
      )}
      {recalled.status === "failed" && (
        <Notice
          tone="trouble"
          actions={
            <button type="button" className="ck-button" onClick={() => void read()}>
              <Icon name="retry" />
              {strings.retry}
            </button>
          }
        >
          {strings.detailsFailed} {recalled.failure}
        </Notice>
      )}
    </details>
  );
}

type Recalled =
  | { readonly status: "unread" | "reading" }
  | { readonly status: "read"; readonly messages: readonly Message[] }
  | { readonly status: "failed"; readonly failure: string };

interface RecalledMessagesProps extends Pick<AnswerDetailsProps, "onGoTo"> {
  readonly messages: readonly Message[];
}

function RecalledMessages({ messages, onGoTo }: RecalledMessagesProps): ReactNode {
  const strings = useStrings();
  if (messages.length === 0) return strings.recalledNothing;
  return (
    <ul>
      {messages.map(({ id, seq, content }) => (
        <li key={id}>
          <button type="button" className="ck-button ck-quiet" onClick={() => onGoTo(seq)}>
            {plainText(content)}
          </button>
        </li>
      ))}
    </ul>
  );
}
