import type { History, Owner, StartedTurn } from "@chatkeep/protocol";

/** The requests of chats whose turns are about to begin on this node. */
export interface Beginning {
  /** Begins a turn, and stops it if its chat was stopped meanwhile. */
  begin(owner: Owner, chatId: string, start: () => Promise<StartedTurn>): Promise<StartedTurn>;
  /** Stops the turns that are about to begin in a chat. */
  stop(owner: Owner, chatId: string): void;
}

const known = new WeakMap<object, Beginning>();

/** A stop names its chat only. Without this, one that came before the turn's first row would find nothing to stop. */
export function beginningOf(history: Pick<History, "stopTurn">): Beginning {
  const found = known.get(history);
  if (found !== undefined) return found;
  const pending = new Map<string, Set<{ isStopped: boolean }>>();
  const keyOf = (owner: Owner, chatId: string): string => JSON.stringify([owner, chatId]);
  const beginning: Beginning = {
    async begin(owner, chatId, start) {
      const key = keyOf(owner, chatId);
      const request = { isStopped: false };
      const requests = pending.get(key) ?? new Set();
      pending.set(key, requests.add(request));
      try {
        const started = await start();
        if (request.isStopped) await history.stopTurn(owner, chatId, started.turn.id);
        return started;
      } finally {
        requests.delete(request);
        if (requests.size === 0) pending.delete(key);
      }
    },
    stop(owner, chatId) {
      for (const request of pending.get(keyOf(owner, chatId)) ?? []) request.isStopped = true;
    },
  };
  known.set(history, beginning);
  return beginning;
}
