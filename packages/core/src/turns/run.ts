import { type Responder, type ResponderEvent, settledChunks } from "@chatkeep/protocol";

import type { Prepared, Preparation } from "../context/prepare.ts";
import type { Database } from "../database/database.ts";
import type { Begun, NewTurn } from "./begin.ts";
import type { LiveTurn } from "./live.ts";
import type { TurnLog } from "./log.ts";
import type { Node } from "./node.ts";
import { type Ending, TurnEnded, respond } from "./respond.ts";
import { INTERRUPTED, settleOwn } from "./settle.ts";
import type { Tokens } from "./token.ts";
import { unsavedOf } from "./unsaved.ts";

/** A turn to run. */
export interface Task {
  readonly turn: NewTurn;
  readonly live: LiveTurn;
  /** As the responder is told of it; `history` is empty where it cannot be read. */
  readonly begun: Pick<Begun, "conversation" | "question" | "history" | "summary">;
}

export interface RunOptions {
  readonly database: Database;
  readonly node: Node;
  readonly log: TurnLog;
  readonly tokens: Tokens;
  readonly responder: Responder;
  readonly preparation: Preparation;
  /** Milliseconds without a word of the responder after which its answer has failed. */
  readonly idleTimeout: number;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** What a person is told of an answer of which the database refuses a piece. */
const REFUSED = new TurnEnded("failed", {
  code: "model_error",
  detail: "The assistant gave something that cannot be stored. What was shown is kept.",
});

/**
 * Runs turns: calls the responder, commits what it says, shows what is committed, and settles. Resolves when a turn's
 * readers know of its end.
 */
export function createRun(options: RunOptions): (task: Task) => Promise<void> {
  const { database, node, log, tokens, responder, preparation, idleTimeout, onError } = options;

  return async ({ turn, live, begun }) => {
    const tell = (error: unknown): void => onError(error, turn.key.turnId);
    let prepared: Prepared | undefined;
    const open = async (): Promise<AsyncIterator<ResponderEvent>> => {
      const bare = {
        owner: turn.owner,
        conversation: begun.conversation,
        turnId: turn.key.turnId,
        question: begun.question,
        history: [],
        recalled: [],
        summary: null,
        signal: live.stopping.signal,
      };
      if (live.persisted) prepared = await preparation.build(bare, begun.history, begun.summary);
      return responder(prepared?.request ?? bare)[Symbol.asyncIterator]();
    };
    const responded = respond({ turn: live, log, open, idleTimeout, onError: tell });
    if (!live.persisted) {
      endUnsaved(turn, live, await responded);
      return;
    }
    void responded.then(() => log.leave(live));
    for (let written = await log.next(live); written !== undefined; written = await log.next(live)) {
      switch (written.state) {
        case "written":
          // A claim: its readers are somebody else's. It runs on.
          if (written.isMoved) live.close("lost");
          live.show(written.events);
          if (written.isStopped) live.stopping.abort(new TurnEnded("stopped", null));
          break;
        case "refused":
          tell(written.error);
          live.drop();
          live.stopping.abort(REFUSED);
          break;
        case "gone":
        case "fenced":
          live.close("lost");
          live.stopping.abort(
            written.state === "gone"
              ? new TurnEnded("stopped", null)
              : new TurnEnded("interrupted", INTERRUPTED),
          );
          return;
      }
    }
    const ending = await responded;
    const isSettled = await end(live, ending, prepared);
    live.close(isSettled ? "settled" : "lost");
    if (ending.status === "complete") prepared?.followUp(live.answer());
  };

  /** The end of a saved turn. False when the turn is not this node's any more. */
  async function end(
    live: LiveTurn,
    { status, error }: Ending,
    prepared: Prepared | undefined,
  ): Promise<boolean> {
    const how = { key: live.key, node: node.last, context: prepared?.record ?? null };
    const tell = (thrown: unknown): void => onError(thrown, live.key.turnId);
    const answer = live.finish();
    const events = live.end(settledChunks(status, error));
    const settled = await settleOwn(database, { ...how, status, error, answer, events }, tell);
    if (settled === "settled") live.show(events);
    if (settled !== "refused") return settled === "settled";
    // Something of what is not committed cannot be: the answer ends with what is.
    live.drop();
    const { failure } = REFUSED;
    const ends = live.end(settledChunks("failed", failure));
    const kept = { ...how, status: "failed", error: failure, answer: live.answer(), events: ends } as const;
    if ((await settleOwn(database, kept, tell)) !== "settled") return false;
    live.show(ends);
    return true;
  }

  /** The end of an answer that is not saved: shown at once, with the token that saves it later. */
  function endUnsaved(turn: NewTurn, live: LiveTurn, { status, error }: Ending): void {
    const answer = live.finish();
    const token = tokens.sign(unsavedOf(turn, answer, status, error));
    live.end(settledChunks(status, error, { token }));
    live.close("settled");
  }
}
