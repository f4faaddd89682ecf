import { AsyncLocalStorage } from "node:async_hooks";

import type { ChatkeepError, Owner } from "@chatkeep/protocol";

import type { ServedHistory } from "../served-history.ts";
import type { RequestLimits } from "./limits.ts";

/** What is known of the request that is being answered. */
export interface Visit {
  /** See `addressOf`; `undefined` for a trusted back end too. */
  readonly address: string | undefined;
  /** The limit that the request is beyond, kept until it is known whether it is a retry. */
  exceeded: ChatkeepError | undefined;
}

/** The request that is being answered. */
export const visits: AsyncLocalStorage<Visit> = new AsyncLocalStorage<Visit>();

/**
 * A history whose questions are counted, whichever door they come through. Who sends a message that is
 * stored already is never refused (law 3): a lost reply costs nobody their answer.
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

  return {
    ...history,
    async appendMessages(owner, conversationId, messages, options) {
      const ids = messages.map(({ id }) => id);
      await admit(owner, conversationId, ids, visits.getStore()?.exceeded);
      return history.appendMessages(owner, conversationId, messages, options);
    },
    async startTurn(owner, conversationId, question, options) {
      const visit = visits.getStore();
      const [ofOwner, ofAddress] = await Promise.all([
        limits.spend("turn", owner),
        limits.spend("turn", visit?.address),
      ]);
      await admit(owner, conversationId, [question.id], visit?.exceeded ?? ofOwner ?? ofAddress);
      return history.startTurn(owner, conversationId, question, options);
    },
  };
}
