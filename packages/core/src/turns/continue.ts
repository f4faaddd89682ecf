import { type JsonObject, usageToWire } from "@chatkeep/protocol";

import { ownerFrom } from "../arguments.ts";
import { CONTEXT_MESSAGES } from "../context/context.ts";
import type { Database } from "../database/database.ts";
import { describe } from "./begin.ts";
import type { Node } from "./node.ts";
import { answerOf, hasHole, readLog } from "./reader.ts";
import type { Running } from "./running.ts";
import { STOPPED, settleFromLog } from "./settle.ts";
import { type Ending, type TurnKey, argsOf } from "./turn.ts";

export interface ContinuationOptions {
  readonly database: Database;
  readonly node: Node;
  readonly running: Running;
  /** Whether this node takes on no more turns. */
  readonly isClosing: () => boolean;
}

/**
 * Continues a running turn here whose node died or handed it over. Resolves with `false` if it is run elsewhere, or
 * cannot be continued here now. Errors: `unavailable`.
 */
export type ContinueTurn = (key: TurnKey) => Promise<boolean>;

/** The ending of a turn that ended every node that ran it. */
const GIVEN_UP: Ending = {
  status: "failed",
  error: {
    code: "attempts_exhausted",
    detail:
      "The server stopped each time while it worked on this answer, so it was given up. What was shown is kept.",
  },
};

/** The ending of a turn whose log has lost events. */
const LOST: Ending = {
  status: "interrupted",
  error: {
    code: "interrupted",
    detail: "The database lost a piece of this answer when it failed over. What is left is kept; ask again.",
  },
};

/** One statement takes a turn over, so of several nodes one does; docs/decisions/0070 describes the path. */
export function createContinuation(options: ContinuationOptions): ContinueTurn {
  const { database, node, running, isClosing } = options;

  const continueTurn: ContinueTurn = async (key) => {
    if (isClosing() || running.known().includes(key.turnId)) return false;
    const events = await readLog(database, key);
    const { usage } = answerOf(events);
    const [row] = await node.run((id) =>
      database.call("continue_turn", {
        ...argsOf(key),
        node: id,
        lease: node.lease,
        last_event: events.at(-1)?.seq ?? 0,
        usage: usage && usageToWire(usage),
        is_occupied: running.hasSuspect(),
        context_limit: CONTEXT_MESSAGES,
      }),
    );
    if (row === undefined) return false;
    if (row.outcome !== "continued") {
      return settleFromLog(database, key, null, row.outcome === "stopped" ? STOPPED : GIVEN_UP);
    }
    // It would go on from words that nobody saw together.
    if (hasHole(events)) return node.run((id) => settleFromLog(database, key, id, LOST));
    if (isClosing()) {
      await node.handOver(key.turnId);
      return false;
    }
    const owner = ownerFrom(row.asker as JsonObject, key.ownerId);
    const described = describe(row, owner);
    const { id, role, parts, contextText, metadata } = described.question;
    const question = { id, role, parts, contextText, metadata };
    const { replyId, createdAt } = described.turn;
    const turn = { key, owner, question, isStored: true, replyId: replyId!, createdAt };
    running.run(turn, described, true, { events, attempt: row.attempt!, isSuspect: row.is_suspect! });
    return true;
  };

  /** One after the other: a turn that may kill this node is not to run beside another. */
  let before: Promise<unknown> = Promise.resolve();
  return (key) => {
    const continued = before.then(() => continueTurn(key));
    before = continued.catch(() => undefined);
    return continued;
  };
}
