import type { Message } from "@chatkeep/protocol";
import { type ReactNode, useEffect, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useLexer } from "../hooks/useLexer.ts";
import { plainText } from "../markdown/plain.ts";
import { sentenceOf } from "../state/failure.ts";
import type { Entry } from "../state/thread/entry.ts";
import { dollarsIn, momentIn, numberIn } from "../strings/format.ts";
import { Notice } from "./Notice.tsx";
import { RetryButton } from "./RetryButton.tsx";

/** Properties of {@link AnswerFacts}. */
export interface AnswerFactsProps {
  readonly entry: Entry;
  /** Reads what was recalled for a turn. */
  readonly readRecalled: (turnId: string) => Promise<readonly Message[]>;
  /** Shows a message by its number. */
  readonly onGoTo: (seq: number) => void;
}

/** What is known of an answer beside its text; what was recalled for it is read when this appears. */
export function AnswerFacts({ entry, readRecalled, onGoTo }: AnswerFactsProps): ReactNode {
  const strings = useAllStrings();
  const [recalled, setRecalled] = useState<Recalled>({ status: "reading" });
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
  useEffect(() => {
    void read();
    // oxlint-disable-next-line react/exhaustive-deps -- only when it appears
  }, []);
  const { inputTokens = null, outputTokens = null, cost } = usage ?? {};
  const count = (tokens: number | null): string => (tokens === null ? "–" : numberIn(strings, tokens));
  return (
    <>
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
        {recalled.status === "read" && (
          <>
            <dt>{strings.recalled}</dt>
            <dd>
              <RecalledMessages messages={recalled.messages} onGoTo={onGoTo} />
            </dd>
          </>
        )}
      </dl>
      {recalled.status === "failed" && (
        <Notice tone="trouble" actions={<RetryButton onPress={() => void read()} />}>
          {strings.detailsFailed} {recalled.failure}
        </Notice>
      )}
    </>
  );
}

type Recalled =
  | { readonly status: "reading" }
  | { readonly status: "read"; readonly messages: readonly Message[] }
  | { readonly status: "failed"; readonly failure: string };

interface RecalledMessagesProps extends Pick<AnswerFactsProps, "onGoTo"> {
  readonly messages: readonly Message[];
}

function RecalledMessages({ messages, onGoTo }: RecalledMessagesProps): ReactNode {
  const strings = useAllStrings();
  const lex = useLexer();
  if (messages.length === 0) return strings.recalledNothing;
  return (
    <ul>
      {messages.map(({ id, seq, content }) => (
        <li key={id}>
          <button type="button" className="ck-button ck-quiet" onClick={() => onGoTo(seq)}>
            {plainText(content, lex)}
          </button>
        </li>
      ))}
    </ul>
  );
}
