import type { Conversation } from "@chatkeep/protocol";
import { expect, it } from "vitest";

import { createConversationList } from "./conversation-list.ts";

const at = (updatedAt: string, runningTurn: string | null): Conversation =>
  ({ id: "c", updatedAt, runningTurn }) as Conversation;

it("of two replies that overtook each other, the later state is shown", async () => {
  const [asked, answered] = [at("2026-01-01T00:00:00.001Z", "t"), at("2026-01-01T00:00:00.002Z", null)];
  const reply = Promise.withResolvers<{ conversations: Conversation[]; nextCursor: null }>();
  const list = createConversationList({
    read: () => reply.promise,
    belongs: () => true,
    onRead: () => undefined,
    signal: new AbortController().signal,
    schedule: queueMicrotask,
  });
  list.subscribe(() => undefined);
  const shown = async (): Promise<(string | null)[]> => {
    await new Promise<void>(queueMicrotask);
    return list.getSnapshot().conversations.map((one) => one.runningTurn);
  };
  list.put("active", answered);
  list.put("active", asked);
  expect(await shown()).toEqual([null]);

  const reading = list.refresh();
  list.put("active", asked);
  reply.resolve({ conversations: [answered], nextCursor: null });
  await reading;
  expect(await shown()).toEqual([null]);
});
