import type { Requests, branchCalls, fileCalls, turnCalls } from "@chatkeep/protocol";

import { once } from "./once.ts";
import { loadSending } from "./thread/load-sending.ts";

type Calls = ReturnType<typeof branchCalls> &
  ReturnType<typeof turnCalls> &
  Pick<ReturnType<typeof fileCalls>, "putFile" | "readFile">;

const NAMES = [
  "getMessage",
  "listVersions",
  "setHead",
  "setFeedback",
  "forkConversation",
  "deleteMessage",
  "deleteMessages",
  "restoreMessages",
  "startTurn",
  "regenerate",
  "importTurn",
  "getTurn",
  "stopTurn",
  "getTurnContext",
  "putFile",
] as const satisfies readonly (keyof Calls)[];

/**
 * `branchCalls`, `turnCalls` and `fileCalls`, loaded with the first of them: an opening makes none, unless an answer is
 * being given.
 */
export function lateCalls(requests: Requests): Calls {
  const calls = once(async () => {
    const { branchCalls, turnCalls, fileCalls } = await loadSending();
    return { ...branchCalls(requests), ...turnCalls(requests), ...fileCalls(requests) };
  });
  const late = (name: (typeof NAMES)[number]) =>
    [
      name,
      async (...call: never[]) => ((await calls())[name] as (...call: never[]) => unknown)(...call),
    ] as const;
  return {
    ...(Object.fromEntries(NAMES.map(late)) as Pick<Calls, (typeof NAMES)[number]>),
    async *followTurn(...call) {
      yield* (await calls()).followTurn(...call);
    },
    async *readFile(...call) {
      yield* (await calls()).readFile(...call);
    },
  };
}
