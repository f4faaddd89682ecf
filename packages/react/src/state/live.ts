import { type Answer, type Turn, type TurnEvent, createFold } from "@chatkeep/protocol";

import type { Connection } from "./follow.ts";

/** A turn that is being followed, or was and is not yet read back from the store. */
export interface LiveTurn {
  readonly turnId: string;
  /** The question's message id. */
  readonly questionId: string;
  /** The answer's message id. */
  readonly replyId: string;
  readonly persisted: boolean;
  push(event: TurnEvent): void;
  /** The answer so far: the same object until an event was pushed. */
  answer(): Answer;
  /** The number of the last event pushed; following goes on after it. */
  seen(): number;
  connection: Connection;
  /** A person has asked to stop it. */
  stopping: boolean;
}

/**
 * Folds a turn's events with protocol's `createFold`, the same that the server stores with, so what is seen
 * live equals what a reload shows.
 */
export function createLiveTurn(
  turn: Pick<Turn, "id" | "messageId" | "persisted"> & { replyId: string },
): LiveTurn {
  const fold = createFold();
  let answer = fold.answer();
  let stale = false;
  let seen = 0;
  return {
    turnId: turn.id,
    questionId: turn.messageId,
    replyId: turn.replyId,
    get persisted() {
      return turn.persisted && this.answer().persisted;
    },
    push(event) {
      fold.push(event.chunk);
      seen = event.seq;
      stale = true;
    },
    answer() {
      if (stale) answer = fold.answer();
      stale = false;
      return answer;
    },
    seen: () => seen,
    connection: "live",
    stopping: false,
  };
}
