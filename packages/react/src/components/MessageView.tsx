import { type ReactNode, memo, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { Markdown } from "../markdown/Markdown.tsx";
import { type Content, messageContent, textOf } from "../state/content.ts";
import { type Entry, endOf } from "../state/thread/entry.ts";
import type { ThreadState } from "../state/thread/thread-state.ts";
import { AnswerDetails } from "./AnswerDetails.tsx";
import { Boundary } from "./Boundary.tsx";
import { IconButton, RetryButton } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { Later } from "./Later.tsx";
import { loadOnDemand } from "./load-on-demand.ts";
import type { MessageActions } from "./message-actions.ts";
import { Notice } from "./Notice.tsx";
import { Sources } from "./Sources.tsx";
import { Waiting } from "./Waiting.tsx";

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
  const strings = useStrings();
  const plain = (
    <article className="ck-message" data-id={entry.id} data-status={entry.status} tabIndex={-1}>
      <p className="ck-raw">{textOf(entry.parts)}</p>
    </article>
  );
  return (
    <Boundary fallback={plain}>
      {entry.role === "user" ? (
        <QuestionView {...props} />
      ) : entry.role === "tool" ? (
        <Later load={loadOnDemand} failed={strings.detailsFailed}>
          {({ ToolMessage }) => <ToolMessage entry={entry} thread={props.actions.thread} />}
        </Later>
      ) : (
        <AnswerView {...props} />
      )}
    </Boundary>
  );
});

const NO_CITATIONS: readonly never[] = [];

function QuestionView({ entry, actions }: MessageViewProps): ReactNode {
  const strings = useStrings();
  const [editing, setEditing] = useState(false);
  const { delivery } = entry;
  const close = (): void => setEditing(false);
  const text = textOf(entry.parts);
  const bubble = text !== "" && (
    <div className="ck-bubble">
      <Markdown text={text} citations={NO_CITATIONS} state="finished" waits />
    </div>
  );
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
      {entry.parts.some(({ type }) => type === "file") &&
        messageContent(entry.parts).content.map((piece, index) => (
          <PieceLater key={index} content={piece} state="finished" actions={actions} />
        ))}
      {editing ? (
        <Later load={loadOnDemand} before={bubble} failed={strings.actionFailed}>
          {({ QuestionEditor }) => (
            <QuestionEditor
              text={text}
              onCancel={close}
              onSend={(edited) => {
                close();
                actions.thread.edit(entry.id, edited);
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
          <VersionsLater entry={entry} actions={actions} />
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
              <RetryButton onPress={() => actions.thread.retry(entry.id)} />
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

function AnswerView({ entry, actions, connection }: MessageViewProps): ReactNode {
  const strings = useStrings();
  const { content, citations } = messageContent(entry.parts);
  const growing = entry.status === "streaming";
  const state = growing ? "growing" : "finished";
  const text = textOf(entry.parts);
  return (
    <article
      className="ck-message ck-answer"
      data-id={[entry.id, ...entry.continuations].join(" ")}
      data-status={entry.status}
      aria-busy={growing}
      tabIndex={-1}
    >
      <h2 className="ck-hidden">{strings.answer}</h2>
      {content.map((piece, index) => (
        <ContentView key={index} content={piece} citations={citations} state={state} actions={actions} />
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
          <VersionsLater entry={entry} actions={actions} />
          {text !== "" && <CopyButton text={text} label={strings.copy} />}
          <Again entry={entry} actions={actions} />
          {actions.extra?.(entry, actions)}
          {entry.delivery !== "shared" && <AnswerDetails entry={entry} actions={actions} />}
        </div>
      )}
    </article>
  );
}

/** Goes between the versions of a message that has several. */
function VersionsLater({ entry, actions }: Pick<MessageViewProps, "entry" | "actions">): ReactNode {
  const { actionFailed } = useStrings();
  if (entry.versions.count < 2) return null;
  return (
    <Later load={loadOnDemand} failed={actionFailed}>
      {({ Versions }) => <Versions entry={entry} onShow={actions.showVersion} />}
    </Later>
  );
}

/**
 * Answers again, or goes on; in words where an answer is not complete, for that is when people look for it. Hidden while
 * an answer runs.
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
      {button("next", strings.continue, () => actions.continue(endOf(entry)))}
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

interface ContentViewProps extends Pick<MessageViewProps, "actions"> {
  readonly content: Content;
  readonly citations: ReturnType<typeof messageContent>["citations"];
  readonly state: "growing" | "finished";
}

function ContentView({ citations, ...props }: ContentViewProps): ReactNode {
  const { content, state } = props;
  if (content.kind === "text") return <Markdown text={content.text} citations={citations} state={state} />;
  return <PieceLater {...props} />;
}

/** What a message has beside its text. */
function PieceLater({ content, ...props }: Omit<ContentViewProps, "citations">): ReactNode {
  const strings = useStrings();
  if (content.kind === "text") return null;
  return (
    <Later load={loadOnDemand} failed={strings.detailsFailed}>
      {({ PieceView }) => <PieceView {...props} content={content} />}
    </Later>
  );
}
