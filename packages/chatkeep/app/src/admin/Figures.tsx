import type { WireOverview } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import type { Sample } from "./samples.ts";
import { Sparkline } from "./Sparkline.tsx";
import { bytesOf, momentOf, numberOf } from "./words.ts";

const HEALTH = {
  ok: "All is well",
  degraded: "Answers are not saved",
  down: "Nothing can be read or saved",
} as const;

export interface FiguresProps {
  readonly overview: WireOverview;
  readonly samples: readonly Sample[];
}

/** The numbers that an operator looks at first, and how they went. */
export function Figures({ overview, samples }: FiguresProps): ReactNode {
  const { health, connections, node, store } = overview;
  const { shown, saved } = node.unsaved_answers;
  const line = (what: keyof Sample, from?: "least"): ReactNode => (
    <Sparkline values={samples.map((sample) => sample[what])} {...(from === undefined ? {} : { from })} />
  );
  return (
    <dl className="figures">
      <Figure
        name="Health"
        value={health.status}
        tone={health.status === "ok" ? "good" : "trouble"}
        detail={HEALTH[health.status]}
      />
      <Figure
        name="Database"
        value={health.database.latency_ms === null ? "down" : `${numberOf(health.database.latency_ms)} ms`}
        tone={health.database.status === "ok" ? "plain" : "trouble"}
        detail="for a round trip"
        line={line("latency")}
      />
      {connections !== null && (
        <Figure
          name="Connections"
          value={`${connections.open - connections.idle} of ${connections.most}`}
          tone={connections.waiting > 0 ? "trouble" : "plain"}
          detail={`busy; ${connections.idle} idle, ${connections.waiting} waiting`}
          line={line("connections")}
        />
      )}
      <Figure
        name="Running turns"
        value={numberOf(store?.turns.running ?? node.running_turns)}
        tone="plain"
        detail={store === null ? "on this node" : `of all nodes; ${node.running_turns} here`}
        line={line("running")}
      />
      {store !== null && (
        <SettledFigure settled={store.turns.settled} line={line("turns")} broken={line("broken")} />
      )}
      <Figure
        name="Unsaved answers"
        value={numberOf(Math.max(0, shown - saved))}
        tone={shown > saved ? "trouble" : "plain"}
        detail={`${numberOf(shown)} shown, ${numberOf(saved)} saved later, since ${momentOf(node.started_at)}`}
      />
      {store !== null && (
        <Figure
          name="Stored"
          value={bytesOf(store.tables.reduce((sum, { bytes }) => sum + bytes, 0))}
          tone="plain"
          detail={["owners", "conversations", "messages"]
            .map((name) => rowsOf(store.tables, name))
            .join(", ")}
          line={line("bytes", "least")}
        />
      )}
    </dl>
  );
}

type Settled = NonNullable<WireOverview["store"]>["turns"]["settled"];

interface SettledFigureProps {
  readonly settled: Settled;
  readonly line: ReactNode;
  readonly broken: ReactNode;
}

function SettledFigure({ settled, line, broken }: SettledFigureProps): ReactNode {
  const { waiting, stopped, interrupted, failed } = settled;
  const complete = settled.complete + waiting;
  const all = complete + stopped + interrupted + failed;
  return (
    <Figure
      name="Turns of the last hour"
      value={numberOf(all)}
      tone={failed + interrupted > 0 ? "trouble" : "plain"}
      detail={`${numberOf(complete)} complete, ${numberOf(stopped)} stopped, ${numberOf(interrupted)} interrupted, ${numberOf(failed)} failed`}
      line={
        <>
          {line}
          {failed + interrupted > 0 && broken}
        </>
      }
    />
  );
}

function rowsOf(tables: readonly { name: string; rows: number }[], name: string): string {
  return `${numberOf(tables.find((table) => table.name === name)?.rows ?? 0)} ${name}`;
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
  readonly tone: "plain" | "good" | "trouble";
  readonly line?: ReactNode;
}

function Figure({ name, value, detail, tone, line }: FigureProps): ReactNode {
  return (
    <div className="figure" data-tone={tone}>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        <span>{detail}</span>
        {line}
      </dd>
    </div>
  );
}
