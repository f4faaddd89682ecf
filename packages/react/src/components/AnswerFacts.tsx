import type { Message } from "@chatkeep/protocol";
import { Fragment, type ReactNode, useEffect, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useLexer } from "../hooks/useLexer.ts";
import { useMessageAddress } from "../hooks/useMessageAddress.ts";
import { plainText } from "../markdown/plain.ts";
import { sentenceOf } from "../state/failure.ts";
import { readRecalled } from "../state/recalled.ts";
import type { Entry } from "../state/thread/entry.ts";
import { dollarsIn, momentIn, numberIn } from "../strings/format.ts";
import { Button, RetryButton } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import type { MessageActions } from "./message-actions.ts";
import { Notice } from "./Notice.tsx";

export interface AnswerFactsProps {
  readonly entry: Entry;
  readonly actions: Pick<MessageActions, "chat" | "thread">;
}

/** What is known of an answer beside its text. What was recalled for it is read when this appears. */
export function AnswerFacts({ entry, actions }: AnswerFactsProps): ReactNode {
  const strings = useAllStrings();
  const addressOf = useMessageAddress();
  const [recalled, setRecalled] = useState<Recalled>({ status: "reading" });
  const { turnId, status, model, usage, createdAt } = entry;
  const { chat, thread } = actions;
  const { conversationId } = thread;
  const read = async (): Promise<void> => {
    if (turnId === null) return;
    setRecalled({ status: "reading" });
    try {
      setRecalled({ status: "read", messages: await readRecalled({ ...chat, conversationId, turnId }) });
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
  const previous =
    recalled.status === "read" ? (
      <RecalledMessages messages={recalled.messages} onGoTo={(seq) => void thread.goTo(seq)} />
    ) : null;
  const facts: readonly (readonly [name: string, fact: ReactNode])[] = [
    [strings.statusLabel, strings.statuses[status]],
    [strings.time, createdAt === null ? null : momentIn(strings, createdAt)],
    [strings.model, model],
    [
      strings.tokens,
      inputTokens === null && outputTokens === null
        ? null
        : strings.tokensUsed(count(inputTokens), count(outputTokens)),
    ],
    [strings.cost, cost === undefined ? null : dollarsIn(strings, cost)],
    [strings.recalled, previous],
    [
      strings.link,
      addressOf === null ? null : (
        <CopyButton key="link" text={addressOf(conversationId, entry.id)} label={strings.copyLink} />
      ),
    ],
  ];
  return (
    <>
      <dl>
        {facts.map(
          ([name, fact]) =>
            fact !== null && (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>{fact}</dd>
              </Fragment>
            ),
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

interface RecalledMessagesProps {
  /** Shows a message by its number. */
  readonly onGoTo: (seq: number) => void;
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
          <Button tone="quiet" label={plainText(content, lex)} onPress={() => onGoTo(seq)} />
        </li>
      ))}
    </ul>
  );
}
