/** A chat of the AI SDK in a terminal, resumed at each start: `DATABASE_URL=… node ai-sdk-chat.ts "What is it?"` */
import { createChatTransport, loadMessages } from "@chatkeep/adapters/ai-sdk";
import { createHistory, createPool, migrate } from "@chatkeep/core";
import { AbstractChat, type ChatState, type UIMessage } from "ai";

const pool = createPool(process.env["DATABASE_URL"] ?? "");
await migrate(pool);
const history = createHistory({
  pool,
  async *responder({ question, history: earlier }) {
    yield `You said “${question.content}”, `;
    yield `after ${earlier.length} messages.`;
  },
});
const owner = { kind: "user", id: "ada" } as const;
const chatId = "ai-sdk-chat";

// In a page, `useChat({ id, messages, transport })` does what this class does here.
class TerminalChat extends AbstractChat<UIMessage> {}
const state: ChatState<UIMessage> = {
  status: "ready",
  error: undefined,
  messages: await loadMessages({ history, owner, chatId }),
  pushMessage: (message) => void (state.messages = [...state.messages, message]),
  popMessage: () => void (state.messages = state.messages.slice(0, -1)),
  replaceMessage: (index, message) => void (state.messages = state.messages.with(index, message)),
  snapshot: (value) => structuredClone(value),
};
const chat = new TerminalChat({ id: chatId, state, transport: createChatTransport({ history, owner }) });

await chat.sendMessage({ text: process.argv[2] ?? "Hello" });
for (const { role, parts } of chat.messages) {
  console.log(`${role}: ${parts.map((part) => (part.type === "text" ? part.text : "")).join("")}`);
}

await history.close();
await pool.end();
