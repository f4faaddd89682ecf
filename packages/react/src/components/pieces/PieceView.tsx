import type { ReactNode } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import type { Content } from "../../state/content.ts";
import type { MessageActions } from "../message-actions.ts";
import { Files } from "./Files.tsx";
import { Links } from "./Links.tsx";
import { ToolCard } from "./ToolCard.tsx";

interface PieceViewProps {
  readonly content: Exclude<Content, { kind: "text" }>;
  /** `growing` while the message is being made. */
  readonly state: "growing" | "finished";
  readonly actions: Pick<MessageActions, "chat" | "thread">;
}

/** What a message has beside its text. Loaded with the first message that has any of it. */
export function PieceView({ content, state, actions }: PieceViewProps): ReactNode {
  const strings = useAllStrings();
  switch (content.kind) {
    case "reasoning":
      return (
        <details className="ck-fold">
          <summary>{strings.reasoning}</summary>
          <p className="ck-raw">{content.text}</p>
        </details>
      );
    case "tool":
      return <ToolCard {...content} state={state} thread={actions.thread} />;
    case "files":
      return <Files files={content.files} chat={actions.chat} />;
    case "sources":
      return <Links sources={content.sources} />;
  }
}
