import { Notice, useStrings } from "@chatkeep/react";
import { type ReactNode, createElement, useEffect, useState } from "react";

import type { HistoryViewProps } from "./HistoryView.tsx";

/** What shows the conversations, loaded when they are first looked at. */
export function LazyHistory(props: HistoryViewProps): ReactNode {
  const strings = useStrings();
  const [loaded, setLoaded] = useState<{
    readonly view: ((props: HistoryViewProps) => ReactNode) | "loading" | "failed";
  }>({ view: "loading" });
  useEffect(() => {
    void import("./HistoryView.tsx").then(
      ({ HistoryView }) => setLoaded({ view: HistoryView }),
      () => setLoaded({ view: "failed" }),
    );
  }, []);
  const { view } = loaded;
  return (
    <div className="history-view">
      {typeof view === "function" && createElement(view, props)}
      {view === "failed" && <Notice tone="trouble">{strings.listFailed}</Notice>}
    </div>
  );
}
