import { createHash } from "node:crypto";

import { createHistory } from "@chatkeep/core";
import type { JsonObject, MessageInput, Part } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const history = createHistory({
  ...UNHURRIED.history,
  pool: database.pool,
  async *responder() {
    yield "Hi.";
  },
});
afterAll(() => history.close());

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
let deep: object = {};
for (let level = 0; level < 100_000; level += 1) deep = { deep };

const VALUES: Record<string, unknown> = {
  "a cycle": cycle,
  "a BigInt": { value: 1n },
  "100,000 levels": deep,
  "a million values": Array.from({ length: 1_000_000 }, () => 0),
  "a getter that throws": {
    get value(): never {
      throw new Error("read");
    },
  },
};

describe("what a host stores and cannot be stored", () => {
  it.each(Object.entries(VALUES))(
    "is refused with a sentence, wherever it stands: %s",
    async (_name, value) => {
      const me = newUser();
      const { id } = (await history.createConversation(me)).conversation;
      const metadata = value as JsonObject;
      const part = { type: "data", name: "n", data: value } as Part;
      const messages: MessageInput[] = [
        { role: "user", content: "Hello", metadata },
        { role: "assistant", parts: [part] },
        { role: "assistant", content: "", toolCalls: metadata },
      ];
      const refused = {
        code: "invalid_request",
        message: expect.stringMatching(/^\/\S+ (holds|is nested|throws)/),
      };
      for (const message of messages)
        await expect(history.appendMessages(me, id, [message])).rejects.toMatchObject(refused);
      await expect(history.startTurn(me, id, { content: "Hello", metadata })).rejects.toMatchObject(refused);
      await expect(history.createConversation(me, { metadata })).rejects.toMatchObject(refused);
      await expect(history.updateConversation(me, id, { metadata })).rejects.toMatchObject(refused);
      expect((await history.listMessages(me, id)).messages).toEqual([]);
    },
  );

  it.each([
    [[null]],
    [[1]],
    [[{}]],
    [["text"]],
    // Of other libraries, and of none.
    [[{ type: "step-start" }]],
    [[{ type: "file", mediaType: "image/png", url: "https://example.org/a.png" }]],
    [[{ type: "toString" }]],
    [[{ type: "text", text: 1 }]],
    [[{ type: "text", text: "a", state: "done" }]],
    [[{ type: "tool-call", id: "c", name: "n", arguments: {} }]],
    [[{ type: "tool-result", id: "c" }]],
  ])("is no part: %j", async (parts) => {
    const me = newUser();
    const { id } = (await history.createConversation(me)).conversation;
    const message = { role: "user", parts } as unknown as MessageInput;
    await expect(history.appendMessages(me, id, [message])).rejects.toMatchObject({
      code: "invalid_request",
      pointer: "/parts",
    });
  });

  it("is stored as it was when it was checked, whatever it says later", async () => {
    const me = newUser();
    const { id } = (await history.createConversation(me)).conversation;
    let reads = 0;
    const changing = {
      get value() {
        reads += 1;
        return reads === 1 ? "first" : cycle;
      },
    } as unknown as JsonObject;
    const [message] = await history.appendMessages(me, id, [
      { role: "user", content: "Hello", metadata: changing },
    ]);
    expect(message!.metadata).toEqual({ value: "first" });
  });
});

it("stores a message whose words are more than an index holds, and finds it by the first", async () => {
  const me = newUser();
  const { id } = (await history.createConversation(me)).conversation;
  const digests = Array.from({ length: 17_000 }, (_, n) => createHash("sha256").update(`${n}`).digest("hex"));
  await history.appendMessages(me, id, [{ role: "assistant", content: digests.join(" ") }]);
  expect((await history.searchMessages(me, { text: digests[0]! })).hits).toHaveLength(1);
});
