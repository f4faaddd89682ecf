import { expect, test } from "vitest";

import { createLiveTurn } from "./live.ts";
import { respond } from "./respond.ts";
import { STOPPED } from "./settle.ts";

test("a stop while a busy responder lets others work ends an answer whose responder says nothing more", async () => {
  const owner = { kind: "session", id: "s" } as const;
  const key = { ownerId: "o", conversationId: "c", turnId: "t" };
  const question = { id: "q", role: "user", parts: [], contextText: null, metadata: null } as const;
  const turn = { key, owner, question, isStored: true, replyId: "r", createdAt: "2026-01-01T00:00:00Z" };
  const live = createLiveTurn(turn, true, 1000, { isOpen: () => false, timeout: 1000 } as never, undefined);
  const open = async function* (): AsyncGenerator<string> {
    // It comes before the responder's own turn to let others work.
    setImmediate(() => live.abort(STOPPED));
    for (const end = performance.now() + 6; performance.now() < end;);
    yield "Half";
    await new Promise(() => undefined);
  };
  const log = { wake: () => undefined } as never;
  const options = { live, log, mayBeEmpty: false, idleTimeout: 1000, onError: () => undefined };
  const ending = await respond({ ...options, open: () => Promise.resolve(open()) });
  expect(ending).toBe(STOPPED);
});
