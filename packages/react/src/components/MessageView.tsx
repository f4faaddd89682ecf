import type { Message } from "@chatkeep/protocol";
import { type ReactNode, memo, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { Link } from "../markdown/Link.tsx";
import { Markdown } from "../markdown/Markdown.tsx";
import { type Content, messageContent, textOf } from "../state/content.ts";
import type { Entry } from "../state/thread/entry.ts";
import type { ThreadState } from "../state/thread/thread-state.ts";
import { AnswerDetails } from "./AnswerDetails.tsx";
import { Boundary } from "./Boundary.tsx";
import { IconButton, RetryButton } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { Later } from "./Later.tsx";
import { Notice } from "./Notice.tsx";
import type * as Editor from "./QuestionEditor.tsx";
import { Sources } from "./Sources.tsx";
import { ToolCard } from "./ToolCard.tsx";
import { Versions } from "./Versions.tsx";
import { Waiting } from "./Waiting.tsx";

/** What can be done with a message by its id, and with its turn and its number. */
export interface MessageActions {
  readonly retry: (id: string) => void;
  /** Takes back a question that is not sent. */
  readonly edit: (id: string) => void;
  /** Asks another version of a stored question. */
  readonly askVersion: (id: string, text: string) => void;
  /** Keeps what was typed in an edit whose question is not shown any more. */
  readonly keep: (text: string) => void;
  readonly showVersion: (id: string, step: -1 | 1) => void;
  readonly regenerate: (id: string) => void;
  /** Goes on from an answer. */
  readonly continue: (id: string) => void;
  readonly goTo: (seq: number) => void;
  /** Reads what was recalled for a turn. Throws what the history throws. */
  readonly readRecalled: (turnId: string) => Promise<readonly Message[]>;
}

export interface MessageViewProps {
  readonly entry: Entry;
  readonly actions: MessageActions;
  /** How the stream of this answer stands; `null` when it has none. */
  readonly connection: NonNullable<ThreadState["running"]>["connection"] | null;
}

/**
 * One message of a transcript; rendered again only when its entry has changed. A message that cannot be rendered is
 * shown as its plain text.
 */
export const MessageView: (props: MessageViewProps) => ReactNode = memo((props: MessageViewProps) => {
  const { entry } = props;
  const plain = (
    <article className="ck-message" data-id={entry.id} data-status={entry.status} tabIndex={-1}>
      <p className="ck-raw">{textOf(entry.parts)}</p>
    </article>
  );
  return (
    <Boundary fallback={plain}>
      {entry.role === "user" ? <QuestionView {...props} /> : <AnswerView {...props} />}
    </Boundary>
  );
});

function QuestionView({ entry, actions }: MessageViewProps): ReactNode {
  const strings = useStrings();
  const [editing, setEditing] = useState(false);
  const { delivery } = entry;
  const close = (): void => setEditing(false);
  const text = textOf(entry.parts);
  const bubble = <div className="ck-bubble">{text}</div>;
  const editUnsent = (
    <IconButton icon="edit" label={strings.edit} shows="words" onPress={() => actions.edit(entry.id)} />
  );
  return (
    <article className="ck-message ck-question" data-id={entry.id} data-delivery={delivery} tabIndex={-1}>
      <h2 className="ck-hidden">{strings.you}</h2>
      {entry.contextText !== null && (
        <blockquote className="ck-selected" aria-label={strings.selectedText}>
          {entry.contextText}
        </blockquote>
      )}
      {editing ? (
        <Later load={loadEditor} before={bubble} failed={strings.actionFailed}>
          {({ QuestionEditor }) => (
            <QuestionEditor
              text={text}
              onCancel={close}
              onSend={(edited) => {
                close();
                actions.askVersion(entry.id, edited);
              }}
              onLeft={actions.keep}
            />
          )}
        </Later>
      ) : (
        bubble
      )}
      {delivery === "saved" && entry.seq !== null && !editing && (
        <div className="ck-actions">
          <Versions entry={entry} onShow={actions.showVersion} />
          <IconButton icon="edit" label={strings.edit} onPress={() => setEditing(true)} />
        </div>
      )}
      {delivery === "queued" && (
        <div className="ck-delivery">
          {strings.queued}
          {editUnsent}
        </div>
      )}
      {delivery === "failed" && (
        <Notice
          tone="trouble"
          actions={
            <>
              <RetryButton onPress={() => actions.retry(entry.id)} />
              {editUnsent}
            </>
          }
        >
          <strong>{strings.outcomes.not_sent}.</strong> {entry.error?.detail}
        </Notice>
      )}
    </article>
  );
}

const loadEditor = (): Promise<typeof Editor> => import("./QuestionEditor.tsx");

function AnswerView({ entry, actions, connection }: MessageViewProps): ReactNode {
  const strings = useStrings();
  const { content, citations } = messageContent(entry.parts);
  const growing = entry.status === "streaming";
  const text = textOf(entry.parts);
  return (
    <article
      className="ck-message ck-answer"
      data-id={entry.id}
      data-status={entry.status}
      aria-busy={growing}
      tabIndex={-1}
    >
      <h2 className="ck-hidden">{entry.role === "tool" ? strings.tool : strings.answer}</h2>
      {content.map((piece, index) => (
        <ContentView
          key={index}
          content={piece}
          citations={citations}
          state={growing ? "growing" : "finished"}
        />
      ))}
      {growing && (content.length === 0 ? <Waiting /> : <span className="ck-caret" aria-hidden="true" />)}
      {citations.length > 0 && <Sources citations={citations} />}
      {connection === "resuming" && <Notice tone="quiet">{strings.resuming}</Notice>}
      {connection === "waiting" && <Notice tone="quiet">{strings.waiting}</Notice>}
      <Ending entry={entry} />
      {entry.delivery === "unsaved" && (
        <Notice tone="trouble">
          <strong>{strings.notSaved}.</strong> {strings.notSavedDetail}
        </Notice>
      )}
      {!growing && (
        <div className="ck-actions">
          <Versions entry={entry} onShow={actions.showVersion} />
          {text !== "" && <CopyButton text={text} label={strings.copy} />}
          <Again entry={entry} actions={actions} />
          <AnswerDetails entry={entry} readRecalled={actions.readRecalled} onGoTo={actions.goTo} />
        </div>
      )}
    </article>
  );
}

/**
 * Answers again, or goes on; in words where an answer is not complete, for that is when people look for it. Hidden while
 * an answer runs. A failed answer is no part of the context to go on from.
 */
function Again({ entry, actions }: Pick<MessageViewProps, "entry" | "actions">): ReactNode {
  const strings = useStrings();
  const { id, role, status, delivery } = entry;
  if (role !== "assistant" || delivery !== "saved") return null;
  const shows = status === "complete" ? "icon" : "words";
  const button = (icon: "retry" | "next", label: string, onPress: (id: string) => void): ReactNode => (
    <IconButton icon={icon} label={label} shows={shows} onPress={() => onPress(id)} />
  );
  return (
    <span className="ck-again">
      {button("retry", strings.regenerate, actions.regenerate)}
      {status !== "failed" && button("next", strings.continue, actions.continue)}
    </span>
  );
}

/** How an answer ended that did not end by itself. */
function Ending({ entry }: Pick<MessageViewProps, "entry">): ReactNode {
  const strings = useStrings();
  const { status, error } = entry;
  if (status === "stopped") return <p className="ck-delivery">{strings.outcomes.stopped}</p>;
  if (status !== "failed" && status !== "interrupted") return null;
  return <Notice tone="trouble">{error?.detail ?? strings.outcomes[status]}</Notice>;
}

interface ContentViewProps {
  readonly content: Content;
  readonly citations: ReturnType<typeof messageContent>["citations"];
  readonly state: "growing" | "finished";
}

function ContentView({ content, citations, state }: ContentViewProps): ReactNode {
  const strings = useStrings();
  switch (content.kind) {
    case "text":
      return <Markdown text={content.text} citations={citations} state={state} />;
    case "reasoning":
      return (
        <details className="ck-fold">
          <summary>{strings.reasoning}</summary>
          <p className="ck-raw">{content.text}</p>
        </details>
      );
    case "tool":
      return <ToolCard call={content.call} result={content.result} state={state} />;
    case "file":
      return (
        <p>
          <Link address={content.url}>{content.name}</Link>
        </p>
      );
  }
}
