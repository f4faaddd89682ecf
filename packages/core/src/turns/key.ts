import { ChatkeepError, type Owner } from "@chatkeep/protocol";

import { ownerId } from "../owners.ts";

/** Which turn: whose, where, and its id. A claim gives a turn another owner and conversation; its id stays. */
export interface TurnKey {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly turnId: string;
}

/** The key of a turn. Errors: `turn_not_found` for an id that cannot be a turn's. */
export function turnKey(owner: Owner, conversationId: string, turnId: string): TurnKey {
  // Turn ids are UUIDs of our own; anything else is nobody's.
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(turnId)) {
    throw new ChatkeepError("turn_not_found", "There is no turn with this id in the conversation.");
  }
  return { ownerId: ownerId(owner), conversationId, turnId: turnId.toLowerCase() };
}

/** A key as the arguments of an SQL function. */
export function argsOf({ ownerId: owner, conversationId: conversation, turnId: turn_id }: TurnKey): {
  readonly owner: string;
  readonly conversation: string;
  readonly turn_id: string;
} {
  return { owner, conversation, turn_id };
}

/** Whether both are of the same turn of the same owner. */
export function isSameTurn(one: TurnKey, other: TurnKey): boolean {
  return (
    one.turnId === other.turnId &&
    one.ownerId === other.ownerId &&
    one.conversationId === other.conversationId
  );
}
