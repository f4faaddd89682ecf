import { expect, test, vi } from "vitest";

import { createStoredChat } from "./stored-chat.ts";

test.each([
  [undefined, ""],
  ["/", ""],
  ["/assistant/", "/assistant"],
  ["https://chat.example.org/", "https://chat.example.org"],
])("with the base URL %s, each request goes to %s/api", async (baseUrl, base) => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    return Promise.resolve(new Response(null, { status: 204 }));
  });
  const { transport, stop } = createStoredChat({ baseUrl, conversationId: "c 1" });
  await transport.reconnectToStream({ chatId: "any" });
  await transport
    .sendMessages({
      trigger: "submit-message",
      chatId: "any",
      messageId: undefined,
      messages: [],
      abortSignal: undefined,
    })
    .catch(() => undefined);
  await stop();
  vi.unstubAllGlobals();
  expect(asked).toEqual([`${base}/api/chat/c%201/stream`, `${base}/api/chat`, `${base}/api/chat/c%201/stop`]);
});
