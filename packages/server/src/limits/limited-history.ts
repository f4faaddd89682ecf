import { AsyncLocalStorage } from "node:async_hooks";

import type { ChatkeepError, Owner } from "@chatkeep/protocol";

import type { ServedHistory } from "../history.ts";
import type { RequestLimits } from "./limits.ts";

/** What is known of the request that is being answered. */
export interface RequestContext {
  /** See `addressOf`; `undefined` for a trusted back end too. */
  readonly address: string | undefined;
  /** Whether a server key sent it. */
  readonly isTrusted: boolean;
  /** The limit that the request is beyond, kept until it is known whether it is a retry. */
  exceeded: ChatkeepError | undefined;
  /** Whether its turn is counted: a request begins one, also where it has to stop another before. */
  hasTurn?: boolean;
  /** Whether the bytes of its question are counted. */
  hasBytes?: boolean;
}

/** The context of the request that is being answered. */
export const requestContext: AsyncLocalStorage<RequestContext> = new AsyncLocalStorage();

/**
 * A history whose questions are counted, whichever API they come through. A retry of a stored message is never
 * refused: a lost reply costs nobody their answer.
 */
export function limitHistory(history: ServedHistory, limits: RequestLimits): ServedHistory {
  const admit = async (
    owner: Owner,
    conversationId: string,
    ids: readonly (string | undefined)[],
    exceeded: ChatkeepError | undefined,
  ): Promise<void> => {
    if (exceeded === undefined) return;
    const known = ids.filter((id) => id !== undefined);
    if (known.length < ids.length || !(await history.holdsMessages(owner, conversationId, known)))
      throw exceeded;
  };

  /** Refuses to ask what was not asked before, beyond a limit. */
  const admitTurn = async (owner: Owner, conversationId: string, id: string | undefined): Promise<void> => {
    const context = requestContext.getStore();
    if (context?.hasTurn === true) return;
    const exceeded = context?.exceeded ?? (await limits.countTurn(owner, context?.address));
    await admit(owner, conversationId, [id], exceeded);
    if (context !== undefined) context.hasTurn = true;
  };

  return {
    ...history,
    async appendMessages(owner, conversationId, messages, options) {
      const ids = messages.map(({ id }) => id);
      await admit(owner, conversationId, ids, requestContext.getStore()?.exceeded);
      return history.appendMessages(owner, conversationId, messages, options);
    },
    async startTurn(owner, conversationId, question, options) {
      await admitTurn(owner, conversationId, question.id);
      return history.startTurn(owner, conversationId, question, options);
    },
    async regenerate(owner, conversationId, messageId, options) {
      await admitTurn(owner, conversationId, options?.id);
      return history.regenerate(owner, conversationId, messageId, options);
    },
  };
}
