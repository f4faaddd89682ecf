import {
  Button,
  MoreStringsContext,
  Notice,
  type Readable,
  StringsContext,
  useRefreshing,
  useSnapshot,
} from "@chatkeep/react";
import type { ReactNode } from "react";

import { Frame } from "./Frame.tsx";
import type { PanelState } from "./panel-state.ts";
import { UseView } from "./UseView.tsx";

export interface PanelViewProps {
  readonly state: Readable<PanelState>;
  readonly onClose: () => void;
  /** Finds out again who uses it. */
  readonly onRetry: () => void;
}

/** The panel: its frame, with the conversations of whoever uses it. */
export function PanelView({ state, onClose, onRetry }: PanelViewProps): ReactNode {
  const now = useSnapshot(state);
  const { settings, visibility, entrances, use, trouble } = now;
  useRefreshing(visibility === "open" ? use?.person.chat : undefined);

  /** Stops a running answer once; otherwise closes the panel. */
  const onEscape = (): "done" | "nothing" => {
    const thread = use?.shown.getSnapshot();
    // An answer shows that it was stopped before its stream ends: a second Escape in between was lost.
    if (thread?.getSnapshot().running?.stopping === false) void thread.stop();
    else if (settings.mode === "inline") return "nothing";
    else onClose();
    return "done";
  };

  return (
    <Frame
      settings={settings}
      strings={use?.texts.thread ?? null}
      visibility={visibility}
      entrances={entrances}
      onClose={onClose}
      onEscape={onEscape}
    >
      {trouble !== null && (
        <div className="notes" role="alert">
          <Notice tone="trouble" actions={<Button label={trouble.retry} onPress={onRetry} />}>
            {trouble.listFailed}
          </Notice>
        </div>
      )}
      {use !== null && (
        <StringsContext value={use.texts.thread}>
          <MoreStringsContext value={use.texts.more}>
            <UseView state={now} use={use} onClose={onClose} />
          </MoreStringsContext>
        </StringsContext>
      )}
    </Frame>
  );
}
