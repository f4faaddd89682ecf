import type { Requests, branchCalls, turnCalls } from "@chatkeep/protocol";

import { once } from "./once.ts";
import { loadSending } from "./thread/load-sending.ts";

type Calls = ReturnType<typeof branchCalls> & ReturnType<typeof turnCalls>;

/** `branchCalls` and `turnCalls`, loaded with the first of them: an opening makes none, unless an answer is being given. */
export function lateCalls(requests: Requests): Calls {
  const calls = once(async () => {
    const loaded = await loadSending();
    return { ...loaded.branchCalls(requests), ...loaded.turnCalls(requests) };
  });
  /** The type of a method of its name alone is lost in one function for all of them. */
  const late = <Name extends Exclude<keyof Calls, "followTurn">>(name: Name): Calls[Name] =>
    (async (...call: never[]) =>
      ((await calls())[name] as (...call: never[]) => unknown)(...call)) as Calls[Name];
  return {
    getMessage: late("getMessage"),
    listVersions: late("listVersions"),
    setHead: late("setHead"),
    forkConversation: late("forkConversation"),
    deleteMessage: late("deleteMessage"),
    deleteMessages: late("deleteMessages"),
    restoreMessages: late("restoreMessages"),
    startTurn: late("startTurn"),
    regenerate: late("regenerate"),
    importTurn: late("importTurn"),
    getTurn: late("getTurn"),
    async *followTurn(...call) {
      yield* (await calls()).followTurn(...call);
    },
    stopTurn: late("stopTurn"),
    getTurnContext: late("getTurnContext"),
  };
}
