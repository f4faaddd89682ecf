/** A graph of LangGraph that remembers: `DATABASE_URL=… node langgraph.ts "What is it?"` */
import { createCheckpointer } from "@chatkeep/adapters/langgraph";
import { createHistory, createPool, migrate } from "@chatkeep/core";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

const pool = createPool(process.env["DATABASE_URL"] ?? "");
await migrate(pool);
const history = createHistory({ pool });

const graph = new StateGraph(MessagesAnnotation)
  // In place of a model, which would need a key.
  .addNode("answer", ({ messages }) => ({
    messages: [new AIMessage(`I was given ${messages.length} messages.`)],
  }))
  .addEdge(START, "answer")
  .compile({ checkpointer: createCheckpointer({ history, owner: { kind: "user", id: "ada" } }) });
const { messages } = await graph.invoke(
  { messages: [new HumanMessage(process.argv[2] ?? "Hello")] },
  { configurable: { thread_id: "adas-graph" } },
);
console.log(messages.at(-1)?.text);

await history.close();
await pool.end();
