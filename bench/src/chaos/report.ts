import { percentile } from "../measure.ts";
import type { Violation } from "./proof.ts";
import type { Record } from "./record.ts";
import type { ChaosResult } from "./run.ts";
import type { StoredTurn } from "./stored.ts";
import type { Span, Timeline } from "./timeline.ts";

/** Lines of a person's record that are printed with a violation. */
const LINES = 60;

/** What a run did and found, for a person. */
export function reportOf({
  kills,
  stored,
  records,
  settling,
  violations,
  nodeLogs,
  timeline,
  strikes,
}: ChaosResult): string {
  const ended = (how: string): number =>
    stored.turns.flatMap(({ earlier }) => earlier).filter((attempt) => attempt.ended === how).length;
  const sent = records.flatMap((record) => [...record.messages.values()]);
  const seen = records.flatMap((record) => [...record.turns.values()]);
  const acknowledged = sent.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined).length;
  const statuses = Map.groupBy(stored.turns, ({ status }) => status);
  const events = seen.reduce((sum, turn) => sum + turn.events.size, 0);
  const unsaved = seen.filter(({ unsavedEvents }) => unsavedEvents.size > 0).length;
  const imported = sent.filter((message) => message.imported !== undefined).length;
  const refused = sent.reduce((sum, message) => sum + message.tokensRefused, 0);
  return [
    `${kills} processes killed under ${records.length} people`,
    `${sent.length} messages sent, ${acknowledged} acknowledged, ${stored.messages.length} stored with their answers`,
    `${stored.turns.length} turns: ${[...statuses].map(([status, turns]) => `${turns.length} ${status}`).join(", ")}`,
    `${events} events shown as saved, each compared; ${unsaved} answers were shown unsaved`,
    `${imported} such answers imported, ${refused} times asked anew because the node that signed was gone`,
    `${continued(stored, 1)} turns were continued, ${continued(stored, 2)} of them twice or more: ${ended("died")} attempts died, ${ended("handed over")} were handed over, and ${strikes} functions ran out of time`,
    `${addedBy("a death", settling.silence)}, with a lease of ${seconds(settling.lease)}`,
    addedBy("a handover", settling.handovers),
    ...violations.map((violation) => {
      const turn = stored.turns.find(({ id }) => id === violation.about);
      return [
        describe(violation, nodeLogs),
        ...(turn === undefined ? [] : [livesAround(turn, timeline), ...toldOf(turn, records)]),
      ].join("\n");
    }),
    ...settling.late.map(
      ({ turn, seconds: late, allowed }) =>
        `LATE: turn ${turn.id} was ${turn.status} after ${seconds(late)}; ${seconds(allowed)} were allowed.\n${livesAround(turn, timeline)}`,
    ),
  ].join("\n");
}

/** How many turns were continued so often. */
function continued({ turns }: ChaosResult["stored"], times: number): number {
  return turns.filter(({ earlier }) => earlier.length >= times).length;
}

function addedBy(what: string, added: readonly number[]): string {
  if (added.length === 0) return `no turn is complete after ${what} alone`;
  const at = (percent: number): string => seconds(percentile(added, percent));
  return `${added.length} turns are complete after ${what} alone: it added p50 ${at(50)}, p90 ${at(90)}, ${at(100)} at the most`;
}

/** A violation, what the person's record says about it, and the lines of the nodes about the request that failed. */
function describe({ what, record, about }: Violation, nodeLogs: readonly string[]): string {
  const requestId = /"request_id":"([^"]+)"/.exec(what)?.[1];
  const logged = nodeLogs.flatMap((log, node) =>
    log
      .split("\n")
      .filter((line) => requestId !== undefined && line.includes(requestId))
      .map((line) => `    node ${node}: ${line}`),
  );
  if (record === undefined) return [`VIOLATION: ${what}`, ...logged].join("\n");
  const told = record.lines.filter((line) => about !== "" && line.includes(about)).slice(-LINES);
  const head = [`VIOLATION: ${what}`, `  record of ${record.name} (${record.owner.kind}):`];
  return [...head, ...told.map((line) => `    ${line}`), ...logged].join("\n");
}

/** What people's records say about the question of a turn. */
function toldOf(turn: StoredTurn, records: readonly Record[]): string[] {
  return records.flatMap(({ name, lines }) =>
    lines.filter((line) => line.includes(turn.messageId)).map((line) => `    ${name}: ${line}`),
  );
}

/** The lives of the nodes and the outages while a turn ran, in seconds from its beginning. */
function livesAround(turn: StoredTurn, { lives, outages }: Timeline): string {
  const at = (moment: number): string =>
    moment === Infinity ? "…" : ((moment - turn.createdAt) / 1000).toFixed(1);
  const span = ({ from, to }: Span): string => `${at(from)} to ${at(to)}`;
  const during = ({ from, to }: Span): boolean =>
    from <= (turn.settledAt ?? Infinity) && to >= turn.createdAt;
  return [
    `    begun at ${new Date(turn.createdAt).toISOString()}, settled at ${at(turn.settledAt ?? Infinity)} s; its node's row is ${turn.nodeId}`,
    ...lives.filter(during).map((life) => {
      const pauses = life.pauses.filter(during).map((pause) => `, paused ${span(pause)}`);
      return `    node ${life.node}: ${span(life)}, ready at ${at(life.ready)}${pauses.join("")}`;
    }),
    ...outages.filter(during).map((outage) => `    no database: ${span(outage)}`),
  ].join("\n");
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
