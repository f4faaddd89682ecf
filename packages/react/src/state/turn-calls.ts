import type { Requests, turnCalls } from "@chatkeep/protocol";

import { loadSending } from "./thread/load-sending.ts";

type TurnCalls = ReturnType<typeof turnCalls>;

/** `turnCalls`, loaded with the first of them: an opening makes none, unless an answer is being given. */
export function lazyTurnCalls(requests: Requests): TurnCalls {
  let loading: Promise<TurnCalls> | undefined;
  const calls = (): Promise<TurnCalls> => {
    loading ??= loadSending().then((loaded) => loaded.turnCalls(requests));
    loading.catch(() => (loading = undefined));
    return loading;
  };
  return {
    startTurn: async (...call) => (await calls()).startTurn(...call),
    regenerate: async (...call) => (await calls()).regenerate(...call),
    importTurn: async (...call) => (await calls()).importTurn(...call),
    getTurn: async (...call) => (await calls()).getTurn(...call),
    async *followTurn(...call) {
      yield* (await calls()).followTurn(...call);
    },
    stopTurn: async (...call) => (await calls()).stopTurn(...call),
    getTurnContext: async (...call) => (await calls()).getTurnContext(...call),
  };
}
