/** A LangChain chain that remembers: `DATABASE_URL=… node langchain.ts "What is it?"` */
import { createChatMessageHistory } from "@chatkeep/adapters/langchain";
import { createHistory, createPool, migrate } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";

const pool = createPool(process.env["DATABASE_URL"] ?? "");
await migrate(pool);
const history = createHistory({ pool });
const owner: Owner = { kind: "user", id: "ada" };
const { conversation } = await history.createConversation(owner, { scope: "langchain" });

// In place of a model, which would need a key: it says how much it was told.
const model = RunnableLambda.from((prompt: { toChatMessages(): BaseMessage[] }) => {
  const messages = prompt.toChatMessages();
  return new AIMessage(
    `I was given ${messages.length} messages; the last is “${messages.at(-1)?.text ?? ""}”.`,
  );
});

const chain = new RunnableWithMessageHistory({
  runnable: ChatPromptTemplate.fromMessages([new MessagesPlaceholder("history"), ["human", "{input}"]]).pipe(
    model,
  ),
  getMessageHistory: (conversationId: string) => createChatMessageHistory({ history, owner, conversationId }),
  inputMessagesKey: "input",
  historyMessagesKey: "history",
});
const answer = await chain.invoke(
  { input: process.argv[2] ?? "Hello" },
  { configurable: { sessionId: conversation.id } },
);
console.log(answer.text);

await history.close();
await pool.end();
